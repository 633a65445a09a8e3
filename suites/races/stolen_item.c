/* A consumer that was woken does not look again whether there is something: another one has taken it meanwhile. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { ITEMS = 20 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static int items, taken, is_over;

static void *consumes(void *unused) {
  for (;;) {
    pthread_mutex_lock(&lock);
    if (items == 0 && !is_over) pthread_cond_wait(&filled, &lock); /* 1 */
    if (items == 0 && is_over) break;
    items--; /* 2 */
    taken++;
    if (items < 0) {
      fprintf(stderr, "took an item that is not there\n");
      abort();
    }
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_unlock(&lock);
  return unused;
}

int main(void) {
  pthread_t one, two;
  pthread_create(&one, NULL, consumes, NULL);
  pthread_create(&two, NULL, consumes, NULL);
  for (int i = 0; i < ITEMS; i++) {
    pthread_mutex_lock(&lock);
    items++;
    pthread_cond_signal(&filled);
    pthread_mutex_unlock(&lock);
  }
  pthread_mutex_lock(&lock);
  is_over = 1;
  pthread_cond_broadcast(&filled);
  pthread_mutex_unlock(&lock);
  pthread_join(one, NULL);
  pthread_join(two, NULL);
  return 0;
}
