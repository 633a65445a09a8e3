/* lock xadd, cmpxchg and cmpxchg16b of four threads: no step of theirs is lost, and wide values are never torn. */
#include "../tickproof.h"

enum { THREADS = 4, STEPS = 5000 };
static uint64_t counter, swapped;
static struct {
  uint64_t low, high;
} pair __attribute__((aligned(16)));

/* Adds one to both halves, if they are as expected. */
static int swap_pair(uint64_t low, uint64_t high, uint64_t *seen_low, uint64_t *seen_high) {
  unsigned char done;
  *seen_low = low, *seen_high = high;
  __asm__ volatile("lock cmpxchg16b %1\n\tsetz %0"
                   : "=q"(done), "+m"(pair), "+a"(*seen_low), "+d"(*seen_high)
                   : "b"(low + 1), "c"(high + 1)
                   : "cc", "memory");
  return done;
}

static void *work(void *unused) {
  for (int step = 0; step < STEPS; step++) {
    __asm__ volatile("lock xaddq %0, %1" : "+r"((uint64_t){1}), "+m"(counter)::"cc", "memory");
    uint64_t old = __atomic_load_n(&swapped, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&swapped, &old, old + 3, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
    }
    uint64_t low = 0, high = 100;
    while (!swap_pair(low, high, &low, &high)) CHECK(high == low + 100);
  }
  return unused;
}

int main(void) {
  pair.high = 100;
  pthread_t threads[THREADS];
  for (int at = 0; at < THREADS; at++) CHECK(pthread_create(&threads[at], NULL, work, NULL) == 0);
  for (int at = 0; at < THREADS; at++) CHECK(pthread_join(threads[at], NULL) == 0);
  CHECK(counter == THREADS * STEPS && swapped == 3 * THREADS * STEPS);
  CHECK(pair.low == THREADS * STEPS && pair.high == THREADS * STEPS + 100);
  return succeed();
}
