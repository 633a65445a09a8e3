/* Critical sections under hardware lock elision: a lock taken with XACQUIRE and given back with XRELEASE.
 * A CPU with TSX runs them as transactions; many are forced to abort (by pause, cpuid or a system call, or
 * by the other thread), and the branches of an aborted attempt must not count. A CPU without TSX ignores
 * the prefixes. Either way each section must take effect once: the counters come out exact. */
#include "tickproof.h"
#include <sched.h>

enum { THREADS = 2, SECTIONS = 1000000, ABORT_EVERY = 256, YIELD_EVERY = 1021, PATIENCE = 200 };

static int lock;
static uint64_t entered, odd, even, aborted, handovers, last; /* guarded by the lock */

static void elided_lock(void) {
  for (int tries = 1;; tries++) {
    int taken = 1;
    __asm__ volatile(".byte 0xf2\n\tlock; xchgl %0, %1" : "+r"(taken), "+m"(lock) : : "memory", "cc");
    if (!taken) return;
    while (__atomic_load_n(&lock, __ATOMIC_RELAXED))
      if (tries++ % PATIENCE == 0) sched_yield();
  }
}

static void elided_unlock(void) {
  __asm__ volatile(".byte 0xf3\n\tmovl $0, %0" : "+m"(lock) : : "memory");
}

/* No transaction survives any of these; the last also lets the other thread run into a lock that is taken. */
static void force_abort(unsigned way) {
  unsigned a = 0, b, c = 0, d;
  if (way % 3 == 0)
    __asm__ volatile("pause");
  else if (way % 3 == 1)
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  else
    CHECK(sched_yield() == 0);
}

static void *work(void *argument) {
  const uint64_t me = (uintptr_t)argument;
  for (uint64_t n = 0, random = me; n < SECTIONS; n++) {
    random = mix(random, n);
    elided_lock();
    entered++;
    if (last != me) handovers++;
    last = me;
    for (unsigned bit = 0; bit < 4; bit++) {
      if (random >> (60 + bit) & 1)
        odd++;
      else
        even++;
    }
    if (n % ABORT_EVERY == 0) {
      aborted++;
      force_abort(n / ABORT_EVERY);
    }
    elided_unlock();
    if (n % YIELD_EVERY == 0) sched_yield(); /* now and then the other one finds the lock free, too */
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  for (uintptr_t i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  printf("entered %lu, odd %lu, even %lu, aborted %lu\n", entered, odd, even, aborted);
  printf("the lock went from thread to thread %lu times\n", handovers);
  CHECK(entered == THREADS * SECTIONS && odd + even == 4 * entered);
  CHECK(aborted == THREADS * ((SECTIONS + ABORT_EVERY - 1) / ABORT_EVERY) && lock == 0);
  return succeed();
}
