/* Keeps memory by a pointer in its last block alone, with threads that sleep and spin; with an argument it loses one of 33 bytes. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static volatile int started;

static void *sleeps(void *unused) {
  char *volatile own = malloc(100);
  own[0] = 1;
  started++;
  for (;;) pause();
  return unused;
}

static void *spins(void *unused) {
  char *volatile own = malloc(200);
  own[0] = 1;
  started += 2;
  for (;;) own[1]++;
  return unused;
}

__attribute__((noinline)) static void lose(void) {
  volatile char *lost = malloc(33);
  lost[0] = 1;
}

/* What is left on the stack and in registers would be found. */
__attribute__((noinline)) static int overwrite(int value) {
  volatile char bytes[4096];
  for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = (char)value;
  return bytes[value];
}

int main(int count, char **words) {
  pthread_t thread;
  (void)words;
  if (pthread_create(&thread, NULL, sleeps, NULL) != 0) return 2;
  while (started != 1) usleep(1000);
  if (pthread_create(&thread, NULL, spins, NULL) != 0) return 2;
  while (started != 3) usleep(1000);
  if (count > 1) lose();
  printf("%d\n", overwrite(count));
  return 0;
}
