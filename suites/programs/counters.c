/* Counters of the kernel: their values are recorded like any result, and their signals like any signal. What could
 * not be given again (memory that the kernel writes, a trap amid the program's text) is refused as by a kernel
 * without it. */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

enum { OVERFLOWS = 3, PERIOD_NS = 1000000 };

static volatile sig_atomic_t overflows, last_fd;
static sigjmp_buf faulted;

static int open_event(struct perf_event_attr *attr) {
  attr->size = sizeof(*attr);
  attr->exclude_kernel = 1;
  return (int)syscall(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void on_overflow(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  overflows++;
  last_fd = info->si_fd;
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  siglongjmp(faulted, signal);
}

static void values(void) {
  struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK};
  const int fd = open_event(&attr);
  CHECK(fd >= 0);
  uint64_t before, after;
  CHECK(read(fd, &before, sizeof(before)) == sizeof(before));
  for (volatile int i = 0; i < 1000000; i++) continue;
  CHECK(ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) == 0);
  CHECK(read(fd, &after, sizeof(after)) == sizeof(after) && after > before);
  printf("task-clock rose by %lu ns\n", after - before);
  CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED && errno == ENODEV);
  CHECK(close(fd) == 0);
}

static void overflow_signals(void) {
  struct perf_event_attr attr = {
      .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .sample_period = PERIOD_NS, .disabled = 1};
  const int fd = open_event(&attr);
  CHECK(fd >= 0);
  handle(SIGRTMIN, on_overflow, 0);
  CHECK(fcntl(fd, F_SETSIG, SIGRTMIN) == 0 && fcntl(fd, F_SETOWN, getpid()) == 0);
  CHECK(fcntl(fd, F_SETFL, O_ASYNC) == 0 && ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0);
  uint64_t turns = 0;
  while (overflows < OVERFLOWS) turns++;
  CHECK(ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) == 0);
  CHECK(last_fd == fd);
  printf("%d overflows in %lu turns\n", OVERFLOWS, turns);
  CHECK(close(fd) == 0);
}

static void refusals(void) {
  struct perf_event_attr trap = {
      .type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .sample_period = PERIOD_NS, .sigtrap = 1};
  trap.remove_on_exec = 1;
  CHECK(open_event(&trap) == -1 && errno == EINVAL);
  struct perf_event_attr watch = {.type = PERF_TYPE_BREAKPOINT, .bp_type = 1, .bp_addr = (uintptr_t)&overflows};
  CHECK(open_event(&watch) == -1 && errno == ENOENT);
  handle(SIGSEGV, on_fault, SA_NODEFER);
  if (sigsetjmp(faulted, 1) == 0) {
    uint32_t low, high;
    __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(0));
    CHECK(!"rdpmc is a fault");
  }
}

/* Containers often forbid even these. */
static int forbidden(void) {
  struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK};
  const int fd = open_event(&attr);
  if (fd < 0) return errno == EACCES || errno == EPERM || errno == ENOSYS;
  CHECK(close(fd) == 0);
  return 0;
}

int main(void) {
  if (forbidden()) {
    puts("nothing was tried: counters are forbidden here");
    return succeed();
  }
  values();
  overflow_signals();
  refusals();
  return succeed();
}
