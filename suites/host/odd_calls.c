/* Calls on counters that are wrong or seldom: each is refused as the kernel refuses it, and no descriptor, mapping or
 * signal is in the way of another. */
#include "counters.h"
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PERIOD = 100003, PAGE = 4096 };

static volatile sig_atomic_t overflows, in_thread;

static long open_raw(void *attr, pid_t task, int group, unsigned long flags) {
  return syscall(SYS_perf_event_open, attr, task, -1, group, flags);
}

#define REFUSED(call, error) CHECK((call) == -1 && errno == (error))

static struct perf_event_attr ticks_attr(void) {
  return (struct perf_event_attr){
      .type = PERF_TYPE_RAW, .size = sizeof(struct perf_event_attr), .config = ticks_event(), .exclude_kernel = 1};
}

static void refusals(int fd, char *unmapped) {
  struct perf_event_attr attr = ticks_attr();
  uint64_t words[2];
  REFUSED(open_raw(NULL, 0, -1, 0), EFAULT);
  REFUSED(open_raw(unmapped, 0, -1, 0), EFAULT);
  REFUSED(open_raw(&attr, 0, 1, 0), EBADF);
  REFUSED(open_raw(&attr, 0, 999, 0), EBADF);
  REFUSED(open_raw(&attr, 0x7ffffff0, -1, 0), ESRCH);
  REFUSED(open_raw(&attr, 0, -1, 1ul << 40), EINVAL);
  attr.size = 7;
  REFUSED(open_raw(&attr, 0, -1, 0), E2BIG);
  CHECK(attr.size >= PERF_ATTR_SIZE_VER0);
  attr = ticks_attr();
  attr.type = 12345;
  REFUSED(open_raw(&attr, 0, -1, 0), ENOENT);
  REFUSED(read(fd, words, 7), ENOSPC);
  REFUSED(read(fd, unmapped, 8), EFAULT);
  REFUSED(ioctl(fd, PERF_EVENT_IOC_PERIOD, unmapped), EFAULT);
  REFUSED(ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, 1), EBADF);
  CHECK(ioctl(fd, _IO('$', 99), 0) == -1);
  REFUSED(ioctl(1, PERF_EVENT_IOC_RESET, 0), ENOTTY);
  REFUSED(lseek(fd, 0, SEEK_SET), ESPIPE);
  CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EINVAL);
}

/* A number means whatever was opened last by it. */
static void numbers(int fd) {
  int ends[2];
  uint64_t value;
  const int copy = dup(fd);
  CHECK(pipe(ends) == 0 && dup2(ends[0], copy) == copy);
  CHECK(write(ends[1], "eightby", 8) == 8 && read(copy, &value, 8) == 8 && memcmp(&value, "eightby", 8) == 0);
  CHECK(dup2(fd, copy) == copy && fcntl(copy, F_SETFD, FD_CLOEXEC) == 0 && fcntl(copy, F_GETFD) == FD_CLOEXEC);
  branches(1000);
  CHECK(read_counter(copy) >= 1000);
  struct pollfd waits = {.fd = copy, .events = POLLIN};
  CHECK(poll(&waits, 1, -1) == 1 && waits.revents == POLLHUP); /* it has no ring */
  CHECK(close(copy) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
  REFUSED(read(copy, &value, 8), EBADF);
}

static void mappings(void) {
  struct perf_event_attr attr = ticks_attr();
  const int fd = (int)open_raw(&attr, 0, -1, 0);
  struct perf_event_mmap_page *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(page != MAP_FAILED && page->data_size == PAGE);
  CHECK(mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
  CHECK(munmap(page, 2 * PAGE) == 0);
  char *other = mmap(page, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  memset(other, 7, 2 * PAGE);
  branches(1000);
  CHECK(read_counter(fd) >= 1000);
  for (int i = 0; i < 2 * PAGE; i++) CHECK(other[i] == 7);
  CHECK(munmap(other, 2 * PAGE) == 0 && close(fd) == 0);
}

static void on_overflow(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  overflows++;
  if (gettid() != getpid()) in_thread++;
}

static void signal_to(int fd, pid_t thread) {
  const struct f_owner_ex owner = {.type = F_OWNER_TID, .pid = thread};
  CHECK(fcntl(fd, F_SETOWN_EX, &owner) == 0 && fcntl(fd, F_SETSIG, SIGRTMIN) == 0);
  CHECK(fcntl(fd, F_SETFL, O_ASYNC) == 0);
}

static void *sampled(void *unused) {
  struct perf_event_attr attr = ticks_attr();
  attr.sample_period = PERIOD;
  const int fd = (int)open_raw(&attr, 0, -1, 0);
  signal_to(fd, gettid());
  branches(3 * PERIOD + PERIOD / 2);
  CHECK(close(fd) == 0);
  return unused;
}

static void threads(void) {
  pthread_t thread;
  overflows = in_thread = 0;
  CHECK(pthread_create(&thread, NULL, sampled, NULL) == 0);
  branches(2 * PERIOD);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(overflows == 3 && in_thread == 3);
}

static void blocked(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGRTMIN);
  struct perf_event_attr attr = ticks_attr();
  attr.sample_period = PERIOD;
  overflows = 0;
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  const int fd = (int)open_raw(&attr, 0, -1, 0);
  signal_to(fd, gettid());
  branches(2 * PERIOD + PERIOD / 2);
  disable(fd);
  CHECK(overflows == 0);
  siginfo_t info;
  CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_fd == fd);
  CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && overflows == 1);
  CHECK(close(fd) == 0);
}

static volatile sig_atomic_t codes[4];

static void on_code(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  codes[overflows++ % 4] = info->si_code;
}

/* The last overflow of those that were asked for says so, and switches the counter off. */
static void refreshed(void) {
  struct perf_event_attr attr = ticks_attr();
  attr.sample_period = PERIOD;
  attr.disabled = 1;
  overflows = 0;
  handle(SIGRTMIN, on_code, 0);
  const int fd = (int)open_raw(&attr, 0, -1, 0);
  signal_to(fd, gettid());
  CHECK(ioctl(fd, PERF_EVENT_IOC_REFRESH, 2) == 0);
  branches(4 * PERIOD);
  CHECK(overflows == 2 && codes[0] == POLL_IN && codes[1] == POLL_HUP);
  CHECK(ioctl(fd, PERF_EVENT_IOC_REFRESH, 1) == 0);
  branches(2 * PERIOD);
  CHECK(overflows == 3 && codes[2] == POLL_HUP && close(fd) == 0);
}

/* So many counters as there are descriptors for, and none is left over. */
static void many(void) {
  struct perf_event_attr attr = ticks_attr();
  enum { MANY = 64 };
  int fds[MANY];
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < MANY; i++) CHECK((fds[i] = (int)open_raw(&attr, 0, -1, PERF_FLAG_FD_CLOEXEC)) >= 0);
    const pid_t pid = vfork();
    if (pid == 0) {
      execl("/bin/true", "true", NULL);
      _exit(1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    for (int i = 0; i < MANY; i++) CHECK(close(fds[i]) == 0);
  }
}

int main(void) {
  char *unmapped = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(unmapped != MAP_FAILED && munmap(unmapped, PAGE) == 0);
  const int fd = ticks_event() ? open_counter(ticks_event(), 0, 0) : (errno = ENOENT, -1);
  require_counter(fd, "no counter of conditional branches");
  enable(fd);
  handle(SIGRTMIN, on_overflow, 0);
  refusals(fd, unmapped);
  numbers(fd);
  mappings();
  threads();
  blocked();
  refreshed();
  many();
  return succeed();
}
