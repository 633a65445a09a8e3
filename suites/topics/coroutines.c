/* Coroutines by ucontext: three of them take turns on stacks of their own, and end on the main one. */
#include "../tickproof.h"

#include <ucontext.h>

enum { COUNT = 3, TURNS = 50, STACK = 64 << 10 };

static ucontext_t coroutines[COUNT], back;
static uint64_t order;

static void run(int self) {
  for (int turn = 0; turn < TURNS; turn++) {
    order = mix(order, (uint64_t)(self * TURNS + turn));
    CHECK(swapcontext(&coroutines[self], &coroutines[(self + 1) % COUNT]) == 0);
  }
}

int main(void) {
  for (volatile int i = 0; i < COUNT; i++) {
    CHECK(getcontext(&coroutines[i]) == 0);
    coroutines[i].uc_stack.ss_sp = malloc(STACK);
    coroutines[i].uc_stack.ss_size = STACK;
    coroutines[i].uc_link = &back;
    makecontext(&coroutines[i], (void (*)(void))run, 1, i);
  }
  CHECK(swapcontext(&back, &coroutines[0]) == 0);
  uint64_t expected = 0;
  for (int turn = 0; turn < TURNS; turn++) {
    for (int i = 0; i < COUNT; i++) expected = mix(expected, (uint64_t)(i * TURNS + turn));
  }
  CHECK(order == expected);
  return succeed();
}
