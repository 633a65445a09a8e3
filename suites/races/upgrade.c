/* A cache that is looked at under the read lock and filled under the write lock: two fill it, and one's work leaks. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static int *cache;
static int fills;

static int look(void) {
  pthread_rwlock_rdlock(&lock);
  int found = cache != NULL; /* 1 */
  pthread_rwlock_unlock(&lock);
  if (found) return 1;
  pthread_rwlock_wrlock(&lock);
  cache = malloc(sizeof *cache); /* 2 */
  *cache = 1;
  fills++; /* 2 */
  pthread_rwlock_unlock(&lock);
  return 0;
}

static void *looks(void *unused) {
  look();
  return unused;
}

int main(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, looks, NULL);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  if (fills == 1) return 0;
  fprintf(stderr, "filled %d times\n", fills);
  return 1;
}
