/* A thread that nobody waits for goes on while the program clears up. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static int *volatile data;
static volatile long sum;

static void *works(void *unused) {
  for (int i = 0; i < 40; i++) sum = sum + data[i % 4]; /* 1 */
  return unused;
}

int main(void) {
  pthread_t worker;
  pthread_attr_t attributes;
  data = calloc(4, sizeof(int));
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_create(&worker, &attributes, works, NULL);
  for (volatile int i = 0; i < 20000; i++)
    ;
  int *old = data;
  data = NULL; /* 2 */
  free(old); /* 2 */
  return 0;
}
