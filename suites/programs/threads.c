/* Threads that hand a turn round by condition variables, spin for each other, and count under one mutex. */
#include "../tickproof.h"

enum { THREADS = 8, ROUNDS = 50 };
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static int turn;
static unsigned order;
static volatile int spinning = THREADS;
static __thread unsigned mine;

static void *run(void *argument) {
  const int self = (int)(intptr_t)argument;
  for (int round = 0; round < ROUNDS; round++) {
    CHECK(pthread_mutex_lock(&lock) == 0);
    while (turn != self) CHECK(pthread_cond_wait(&turned, &lock) == 0);
    turn = (self + 1) % THREADS;
    order = order * 31 + (unsigned)self;
    mine++;
    CHECK(pthread_cond_broadcast(&turned) == 0);
    CHECK(pthread_mutex_unlock(&lock) == 0);
  }
  __atomic_sub_fetch(&spinning, 1, __ATOMIC_SEQ_CST);
  while (spinning > 0) { /* nobody leaves before all are here: a spinning thread must not starve the others */
  }
  return (void *)(uintptr_t)mine;
}

int main(void) {
  pthread_t threads[THREADS];
  for (intptr_t i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
  for (int i = 0; i < THREADS; i++) {
    void *result;
    CHECK(pthread_join(threads[i], &result) == 0);
    CHECK((uintptr_t)result == ROUNDS);
  }
  printf("order %08x\n", order);
  return succeed();
}
