/* Two threads take two locks, each in another order. */
#include <pthread.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static volatile int moved;

static void move(pthread_mutex_t *from, pthread_mutex_t *to) {
  for (int i = 0; i < 20; i++) {
    pthread_mutex_lock(from); /* 1 */
    pthread_mutex_lock(to); /* 2 */
    moved = moved + 1;
    pthread_mutex_unlock(to);
    pthread_mutex_unlock(from);
  }
}

static void *to_right(void *unused) {
  move(&left, &right);
  return unused;
}

int main(void) {
  pthread_t other;
  pthread_create(&other, NULL, to_right, NULL);
  move(&right, &left);
  pthread_join(other, NULL);
  return 0;
}
