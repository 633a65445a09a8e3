/* Whether SpecLockMap is on, as rr's own check asks it: the event of locks that were taken speculatively and committed
 * (0x510825) rises with locked instructions where it is, and never where it is not. */
#include "counters.h"

enum { COMMITTED = 0x510825, LOCKS = 100 };

static int shared;

int main(void) {
  const int fd = open_counter(COMMITTED, 0, 0);
  require_counter(fd, "no counter of committed speculative locks");
  enable(fd);
  const uint64_t before = read_counter(fd);
  __asm__ volatile("lock addl $1, %0" : "+m"(shared));
  const uint64_t one = read_counter(fd);
  for (int i = 0; i < LOCKS; i++) __asm__ volatile("lock addl $1, %0" : "+m"(shared));
  const uint64_t many = read_counter(fd);
  CHECK(shared == LOCKS + 1);
  printf("one lock: %lu, %d locks: %lu\n", one - before, LOCKS, many - one);
  return succeed();
}
