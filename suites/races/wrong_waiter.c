/* One condition for two kinds of waiters, and a signal for one of them: the wrong one may be woken, and nobody else is. */
#include <pthread.h>

enum { ITEMS = 10 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_full;

static void *puts_(void *unused) {
  for (int i = 0; i < ITEMS; i++) {
    pthread_mutex_lock(&lock);
    while (is_full) pthread_cond_wait(&changed, &lock); /* 1 */
    is_full = 1;
    pthread_cond_signal(&changed); /* 2 */
    pthread_mutex_unlock(&lock);
  }
  return unused;
}

static void *gets_(void *unused) {
  for (int i = 0; i < ITEMS; i++) {
    pthread_mutex_lock(&lock);
    while (!is_full) pthread_cond_wait(&changed, &lock); /* 1 */
    is_full = 0;
    pthread_cond_signal(&changed); /* 2 */
    pthread_mutex_unlock(&lock);
  }
  return unused;
}

int main(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, i % 2 ? gets_ : puts_, NULL);
  for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
  return 0;
}
