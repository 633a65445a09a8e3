/* A counter that two threads add to, neither of them atomically: an addition is lost where both have read the same value. */
#include <pthread.h>
#include <stdio.h>

enum { ROUNDS = 2000 };
static volatile long counter;

static void *adds(void *unused) {
  for (int i = 0; i < ROUNDS; i++) {
    long seen = counter; /* 1 */
    counter = seen + 1; /* 2 */
  }
  return unused;
}

int main(void) {
  pthread_t one, two;
  pthread_create(&one, NULL, adds, NULL);
  pthread_create(&two, NULL, adds, NULL);
  pthread_join(one, NULL);
  pthread_join(two, NULL);
  if (counter == 2 * ROUNDS) return 0;
  fprintf(stderr, "%d additions came to %ld\n", 2 * ROUNDS, counter);
  return 1;
}
