/* Counters on other tasks: a parent hears of its child's overflows in a call that waits, a counter starts with the
 * child's next program, children and threads go on counting in what they inherit, and each copy of a descriptor is
 * the same counter. */
#include "counters.h"
#include <sys/wait.h>

enum { PERIOD = 200003, OVERFLOWS = 3, WORK = 1000 };

static volatile sig_atomic_t overflows;

static void on_overflow(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  overflows++;
}

static int open_event(struct perf_event_attr attr, pid_t task) {
  attr.type = PERF_TYPE_RAW;
  attr.size = sizeof(attr);
  attr.config = ticks_event();
  attr.exclude_kernel = 1;
  const int fd = attr.config ? (int)syscall(SYS_perf_event_open, &attr, task, -1, -1, 0) : (errno = ENOENT, -1);
  require_counter(fd, "no counter of conditional branches");
  return fd;
}

static void parent_hears(void) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK(read(ends[0], &byte, 1) == 1);
    branches(OVERFLOWS * PERIOD + PERIOD / 2);
    _exit(0);
  }
  const int fd = open_event((struct perf_event_attr){.sample_period = PERIOD}, pid);
  handle(SIGRTMIN, on_overflow, SA_RESTART);
  CHECK(fcntl(fd, F_SETSIG, SIGRTMIN) == 0 && fcntl(fd, F_SETOWN, getpid()) == 0);
  CHECK(fcntl(fd, F_SETFL, O_ASYNC) == 0 && write(ends[1], "g", 1) == 1);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  printf("%d overflows of the child\n", overflows);
  CHECK(overflows == OVERFLOWS && close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void starts_with_exec(const char *self) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    CHECK(read(ends[0], &byte, 1) == 1);
    branches(WORK * WORK);
    execl(self, self, "work", NULL);
    _exit(1);
  }
  const int fd = open_event((struct perf_event_attr){.disabled = 1, .enable_on_exec = 1}, pid);
  CHECK(read_counter(fd) == 0 && write(ends[1], "g", 1) == 1);
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
  const uint64_t counted = read_counter(fd);
  CHECK(counted > WORK && counted < WORK * WORK);
  CHECK(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void *work(void *unused) {
  branches(WORK);
  return unused;
}

static void inherited(void) {
  const int fd = open_event((struct perf_event_attr){.inherit = 1}, 0);
  const int copy = dup(fd);
  CHECK(copy > fd);
  const uint64_t before = read_counter(fd);
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    branches(WORK);
    _exit(0);
  }
  CHECK(waitpid(pid, NULL, 0) == pid);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, work, NULL) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(close(fd) == 0);
  CHECK(read_counter(copy) - before >= 2 * WORK);
  CHECK(close(copy) == 0);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    branches(WORK);
    return 0;
  }
  parent_hears();
  starts_with_exec(argv[0]);
  inherited();
  return succeed();
}
