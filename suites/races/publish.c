/* A ring that tells of an entry before the entry is there. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES = 100 };
static volatile int ring[ENTRIES];
static volatile int count;

static void *produces(void *unused) {
  for (int i = 0; i < ENTRIES; i++) {
    count = i + 1; /* 1 */
    ring[i] = i + 1; /* 1 */
  }
  return unused;
}

int main(void) {
  pthread_t producer;
  pthread_create(&producer, NULL, produces, NULL);
  for (int seen = 0; seen < ENTRIES;) {
    if (count == seen) continue; /* 2 */
    if (ring[seen] != seen + 1) { /* 2 */
      fprintf(stderr, "entry %d is not there\n", seen);
      abort();
    }
    seen++;
  }
  pthread_join(producer, NULL);
  return 0;
}
