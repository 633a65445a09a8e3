/* A flag is looked at before the lock is taken: set and signalled in between, nobody wakes the sleeper any more. */
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t set = PTHREAD_COND_INITIALIZER;
static volatile int ready;

static void *waits(void *unused) {
  if (!ready) { /* 1 */
    pthread_mutex_lock(&lock);
    pthread_cond_wait(&set, &lock); /* 1 */
    pthread_mutex_unlock(&lock);
  }
  return unused;
}

int main(void) {
  pthread_t waiter;
  pthread_create(&waiter, NULL, waits, NULL);
  pthread_mutex_lock(&lock);
  ready = 1; /* 2 */
  pthread_cond_signal(&set); /* 2 */
  pthread_mutex_unlock(&lock);
  pthread_join(waiter, NULL);
  return 0;
}
