/* Counts its own instructions and samples them: of a region with a known number of instructions, which its own calls around
 * it add a fixed number to, and once in so many of them a signal comes. */
#include "../tickproof.h"
#include <fcntl.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <sys/ioctl.h>

enum { SHORT = 10, LONG = 200010, PER_TURN = 4, PERIOD = 100000 };

static volatile int signals;
static void count(int signal) {
  (void)signal;
  signals++;
}

static int open_instructions(uint64_t period) {
  struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
                                 .size = sizeof(attr),
                                 .config = PERF_COUNT_HW_INSTRUCTIONS,
                                 .sample_period = period,
                                 .disabled = 1,
                                 .exclude_kernel = 1};
  const int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  CHECK(fd >= 0);
  return fd;
}

/* Four instructions a turn, with a branch only at the end of it. */
static void turns(uint64_t count) {
  __asm__ volatile("1: nop\n nop\n dec %0\n jnz 1b\n" : "+r"(count) : : "cc");
}

static __attribute__((noinline)) uint64_t measure(int fd, uint64_t count) {
  uint64_t value;
  CHECK(ioctl(fd, PERF_EVENT_IOC_RESET, 0) == 0 && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0);
  turns(count);
  CHECK(ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) == 0 && read(fd, &value, sizeof(value)) == sizeof(value));
  return value;
}

int main(void) {
  const int plain = open_instructions(0);
  measure(plain, SHORT);
  const uint64_t few = measure(plain, SHORT), many = measure(plain, LONG);
  printf("%llu instructions in %d turns more\n", (unsigned long long)(many - few), LONG - SHORT);
  CHECK(many - few == (uint64_t)PER_TURN * (LONG - SHORT));
  CHECK(close(plain) == 0);

  const struct sigaction action = {.sa_handler = count};
  CHECK(sigaction(SIGIO, &action, NULL) == 0);
  const int sampled = open_instructions(PERIOD);
  CHECK(fcntl(sampled, F_SETFL, O_ASYNC) == 0 && fcntl(sampled, F_SETOWN, getpid()) == 0);
  CHECK(ioctl(sampled, PERF_EVENT_IOC_ENABLE, 0) == 0);
  turns(LONG);
  CHECK(ioctl(sampled, PERF_EVENT_IOC_DISABLE, 0) == 0);
  printf("%d signals in %d instructions\n", signals, PER_TURN * LONG);
  /* The handlers' own instructions are some dozens each. */
  CHECK(signals == PER_TURN * LONG / PERIOD);
  return succeed();
}
