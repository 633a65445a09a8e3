/* Futexes by hand: bitsets, a wake with an operation, requeues, absolute times, several words at once. */
#include "../tickproof.h"

#include <errno.h>
#include <linux/futex.h>

enum { WAITERS = 4 };

static uint32_t one, two, awake;

static long futex(uint32_t *word, int what, uint32_t value, const void *time, uint32_t *other,
                  uint32_t bits) {
  return syscall(SYS_futex, word, what | FUTEX_PRIVATE_FLAG, value, time, other, bits);
}

static void *wait_on_one(void *bits) {
  CHECK(futex(&one, FUTEX_WAIT_BITSET, 0, NULL, NULL, (uint32_t)(uintptr_t)bits) == 0);
  __atomic_fetch_add(&awake, 1, __ATOMIC_SEQ_CST);
  return NULL;
}

static void settle(uint32_t count) {
  while (__atomic_load_n(&awake, __ATOMIC_SEQ_CST) != count) usleep(50);
}

int main(void) {
  CHECK(futex(&one, FUTEX_WAIT, 1, NULL, NULL, 0) < 0 && errno == EAGAIN);
  const struct timespec past = {0, 1}, soon = {0, 100000};
  CHECK(futex(&one, FUTEX_WAIT_BITSET, 0, &past, NULL, ~0u) < 0 && errno == ETIMEDOUT);
  CHECK(futex(&one, FUTEX_WAIT, 0, &soon, NULL, 0) < 0 && errno == ETIMEDOUT);
  CHECK(futex(&one, FUTEX_WAIT_BITSET, 0, NULL, NULL, 0) < 0 && errno == EINVAL);
  CHECK(futex((uint32_t *)((char *)&one + 1), FUTEX_WAKE, 1, NULL, NULL, 0) < 0 && errno == EINVAL);
  pthread_t threads[WAITERS];
  for (uintptr_t i = 0; i < WAITERS; i++)
    CHECK(pthread_create(&threads[i], NULL, wait_on_one, (void *)((uintptr_t)1 << i)) == 0);
  long woken;
  while ((woken = futex(&one, FUTEX_WAKE_BITSET, 9, NULL, NULL, 1u << 2)) == 0) usleep(50);
  CHECK(woken == 1);
  settle(1);
  CHECK(pthread_join(threads[2], NULL) == 0);
  long moved = 0;
  while (moved < 2) {
    const long more = futex(&one, FUTEX_CMP_REQUEUE, 0, (void *)(uintptr_t)(2 - moved), &two, 0);
    CHECK(more >= 0);
    moved += more;
    usleep(50);
  }
  CHECK(moved == 2 && futex(&one, FUTEX_CMP_REQUEUE, 0, (void *)1, &two, 5) < 0 && errno == EAGAIN);
  long rest = 0;
  while ((rest = futex(&one, FUTEX_WAKE, 9, NULL, NULL, 0)) == 0) usleep(50);
  CHECK(rest == 1);
  settle(2);
  one = 7;
  const uint32_t operation = (uint32_t)FUTEX_OP(FUTEX_OP_ADD, 5, FUTEX_OP_CMP_EQ, 7);
  CHECK(futex(&two, FUTEX_WAKE_OP, 1, (void *)1, &one, operation) == 1 && one == 12);
  settle(3);
  CHECK(futex(&two, FUTEX_WAKE, 9, NULL, NULL, 0) == 1);
  for (int i = 0; i < WAITERS; i++) CHECK(i == 2 || pthread_join(threads[i], NULL) == 0);
  return succeed();
}
