/* Two threads give way to each other, as often as they both want to pass. */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static volatile int gave_way;

static void pass(pthread_mutex_t *first, pthread_mutex_t *second) {
  for (int i = 0; i < 20; i++) {
    int tries = 0;
    for (;;) {
      pthread_mutex_lock(first); /* 1 */
      if (pthread_mutex_trylock(second) == 0) break; /* 2 */
      pthread_mutex_unlock(first);
      if (++tries == 3) gave_way = 1;
      sched_yield();
    }
    pthread_mutex_unlock(second);
    pthread_mutex_unlock(first);
  }
}

static void *other(void *unused) {
  pass(&right, &left);
  return unused;
}

int main(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, other, NULL);
  pass(&left, &right);
  pthread_join(thread, NULL);
  if (gave_way) fprintf(stderr, "a thread gave way three times\n");
  return gave_way;
}
