/* An object that is made on first use: whoever sees the pointer without the lock may see it before it is filled in. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct table { int size; int *cells; };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct table *volatile table;

static struct table *get(void) {
  if (table == NULL) {
    pthread_mutex_lock(&lock);
    if (table == NULL) {
      table = calloc(1, sizeof *table); /* 2 */
      table->cells = calloc(64, sizeof(int)); /* 2 */
      table->size = 64; /* 2 */
    }
    pthread_mutex_unlock(&lock);
  }
  return table; /* 1 */
}

static void *uses(void *unused) {
  struct table *mine = get();
  if (mine->size != 64) { /* 1 */
    fprintf(stderr, "a table of size %d\n", mine->size);
    abort();
  }
  return unused;
}

int main(void) {
  pthread_t users[4];
  for (int i = 0; i < 4; i++) pthread_create(&users[i], NULL, uses, NULL);
  for (int i = 0; i < 4; i++) pthread_join(users[i], NULL);
  return 0;
}
