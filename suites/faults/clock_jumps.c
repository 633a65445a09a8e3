/*
 * To be preloaded (ld.so(8), LD_PRELOAD): a date that is set forth and back by ten years at each so many-th look at a clock. The
 * clocks that nobody can set never go back, but jump by an hour now and then, as where a machine has been stopped meanwhile.
 */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { OFTEN = 7, SELDOM = 200, TEN_YEARS = 315360000, HOUR = 3600 };

static atomic_long looks;

int clock_gettime(clockid_t clock, struct timespec *time) {
  long result = syscall(SYS_clock_gettime, clock, time);
  if (result != 0) return -1;
  long look = ++looks;
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE: time->tv_sec += look / OFTEN % 2 ? -TEN_YEARS : TEN_YEARS; break;
    case CLOCK_MONOTONIC:
    case CLOCK_MONOTONIC_RAW:
    case CLOCK_MONOTONIC_COARSE:
    case CLOCK_BOOTTIME: time->tv_sec += look / SELDOM * HOUR; break;
  }
  return 0;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
  struct timespec now;
  (void)zone;
  if (clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *time = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}
