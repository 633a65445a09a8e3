/* The least that shows a host which loses branches of checkpointed counters (IN_TXCP): count known branches, when
 * the counter is fresh, after it was switched off and on, and after the task was away from the processor. A virtual
 * PMU that restarts the counter from a value asks its own host for a sampling one, which checkpointed events can't
 * be, and says nothing: the counter stands still. */
#include "counters.h"

enum { BRANCHES = 500, MOMENTS = 3 };

static const char *const NAMES[MOMENTS] = {"fresh", "after disable and enable", "after a sleep"};

static void reschedule(void) {
  const struct timespec moment = {.tv_nsec = 1000000};
  CHECK(nanosleep(&moment, NULL) == 0);
}

int main(void) {
  const uint64_t event = ticks_event();
  const int plain = event ? open_counter(event, 0, 0) : (errno = ENOENT, -1);
  require_counter(plain, "no counter of conditional branches");
  CHECK(close(plain) == 0);
  const int fd = open_transactional(event | IN_TXCP, 0);
  require_counter(fd, "no checkpointed counter (IN_TXCP)");
  enable(fd);
  int lost = 0;
  for (int moment = 0; moment < MOMENTS; moment++) {
    if (moment == 1) {
      disable(fd);
      enable(fd);
    }
    if (moment == 2) reschedule();
    const uint64_t before = read_counter(fd);
    branches(BRANCHES);
    const uint64_t counted = read_counter(fd) - before;
    printf("%s: %lu branches counted, at least %d happened\n", NAMES[moment], counted, BRANCHES);
    if (counted < BRANCHES) lost++;
  }
  if (lost == 0) return succeed();
  printf("EXIT-FAILED: a checkpointed counter stood still %d of %d times\n", lost, MOMENTS);
  return 1;
}
