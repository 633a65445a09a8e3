/* Tasks that never sleep, in all the ways there are, beside others that need their turn: none may starve. */
#include "../tickproof.h"
#include <sched.h>
#include <sys/wait.h>
#include <x86intrin.h>

static volatile int turn, over;
static volatile uint64_t turns[5];
static uint64_t order;

static void *greedy(void *argument) {
  long way = (long)argument;
  while (!over) {
    turns[way]++;
    if (way == 0)
      for (int i = 0; i < 100; i++) turns[0]++;
    if (way == 1) getppid();
    if (way == 2) turns[2] += __rdtsc() & 1;
    if (way == 3) sched_yield();
    if (way == 4) waitpid(-1, NULL, WNOHANG);
  }
  return NULL;
}

static void *relay(void *argument) {
  int own = (int)(long)argument;
  for (int i = 0; i < 8; i++) {
    while (turn != own);
    order = mix(order, (unsigned)own);
    turn = (own + 1) % 3;
  }
  return NULL;
}

int main(void) {
  pthread_t crowd[5], runners[3];
  int status;
  for (long i = 0; i < 5; i++) CHECK(pthread_create(&crowd[i], NULL, greedy, (void *)i) == 0);
  for (long i = 0; i < 3; i++) CHECK(pthread_create(&runners[i], NULL, relay, (void *)i) == 0);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(runners[i], NULL) == 0);
  usleep(2000);
  over = 1;
  for (int i = 0; i < 5; i++) CHECK(pthread_join(crowd[i], NULL) == 0 && turns[i] > 0);
  printf("order %016lx\n", order);

  pid_t child = fork();
  if (child == 0) {
    for (volatile int i = 0; i < 300000; i++);
    _exit(5);
  }
  uint64_t asked = 0;
  while (waitpid(child, &status, WNOHANG) == 0) asked++;
  printf("asked %lu times, got %d\n", asked, WEXITSTATUS(status));
  return succeed();
}
