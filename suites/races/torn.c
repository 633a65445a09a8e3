/* Two words that belong together are written one after the other, and read in between. */
#include <pthread.h>
#include <stdio.h>

enum { ROUNDS = 300 };
static volatile long low, high;
static volatile int is_over;

static void *writes(void *unused) {
  for (long i = 1; i <= ROUNDS; i++) {
    low = i; /* 1 */
    high = i; /* 1 */
  }
  is_over = 1;
  return unused;
}

int main(void) {
  pthread_t writer;
  int torn = 0;
  pthread_create(&writer, NULL, writes, NULL);
  while (!is_over && !torn) {
    long upper = high, lower = low; /* 2 */
    if (upper > lower) torn = 1;
    upper = high; /* 2 */
    lower = low; /* 2 */
    if (lower == upper + 1) torn = 1;
  }
  pthread_join(writer, NULL);
  if (torn) fprintf(stderr, "read half of a value\n");
  return torn;
}
