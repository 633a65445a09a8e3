/* A count of users that is not atomic: the last one of them is told twice, or never. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct shared { volatile int users; volatile int is_freed; };
static struct shared object;

static void release(struct shared *it) {
  it->users--; /* 1 */
  if (it->users == 0) { /* 2 */
    if (it->is_freed) {
      fprintf(stderr, "freed twice\n");
      abort();
    }
    it->is_freed = 1;
  }
}

static void *user(void *it) {
  release(it);
  return NULL;
}

int main(void) {
  for (int round = 0; round < 20; round++) {
    pthread_t one, two;
    object = (struct shared){ .users = 2 };
    pthread_create(&one, NULL, user, &object);
    pthread_create(&two, NULL, user, &object);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    if (!object.is_freed) {
      fprintf(stderr, "never freed\n");
      return 1;
    }
  }
  return 0;
}
