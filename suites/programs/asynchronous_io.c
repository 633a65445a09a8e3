/*
 * Asynchronous I/O by the kernel's own calls: files, vectors, pipes, polls, events by a descriptor, waits that end by an event,
 * by a time or by a signal, and what is refused.
 */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/uio.h>

static long say(const char *what, long result) {
  printf("%s: %ld %d\n", what, result, result < 0 ? errno : 0);
  return result;
}

static aio_context_t context;

static long submit(struct iocb *request) {
  return syscall(SYS_io_submit, context, 1L, &request);
}

static long events(long least, long most, struct io_event *into, const struct timespec *time) {
  return syscall(SYS_io_getevents, context, least, most, into, time);
}

static void happens(const char *what, long least, const struct timespec *time) {
  struct io_event told[4];
  const long count = say(what, events(least, 4, told, time));
  for (long i = 0; i < count; i++) printf("event %lld: %lld %lld\n", (long long)told[i].data, (long long)told[i].res, (long long)told[i].res2);
}

static void set_up(void) {
  aio_context_t none = 0, other = 0;
  say("no events", syscall(SYS_io_setup, 0, &none));
  say("nowhere", syscall(SYS_io_setup, 8, NULL));
  say("a context", syscall(SYS_io_setup, 8, &context));
  say("over another", syscall(SYS_io_setup, 8, &context));
  say("one more", syscall(SYS_io_setup, 1, &other));
  say("away", syscall(SYS_io_destroy, other));
  say("gone", syscall(SYS_io_destroy, other));
  /* Libraries look there for a ring, and for its mark. */
  printf("a page: %d\n", *(volatile unsigned *)context != 0xffffffff);
}

static void files(void) {
  const int fd = open("asynchronous-io-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0);
  unlink("asynchronous-io-file");
  CHECK(ftruncate(fd, 8192) == 0);
  const volatile char *shared = mmap(NULL, 8192, PROT_READ, MAP_SHARED, fd, 0);
  char written[] = "written by a request", read_back[64] = "", front[8] = "", rest[32] = "";
  struct iocb write = {.aio_data = 1, .aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_buf = (uintptr_t)written, .aio_nbytes = sizeof(written), .aio_offset = 100};
  say("write", submit(&write));
  happens("written", 1, NULL);
  printf("shared: %c\n", shared[111]);
  struct iocb read = {.aio_data = 2, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = fd, .aio_buf = (uintptr_t)read_back, .aio_nbytes = sizeof(written), .aio_offset = 100};
  struct iovec pieces[] = {{front, 7}, {rest, sizeof(rest)}};
  struct iocb vector = {.aio_data = 3, .aio_lio_opcode = IOCB_CMD_PREADV, .aio_fildes = fd, .aio_buf = (uintptr_t)pieces, .aio_nbytes = 2, .aio_offset = 100};
  struct iocb sync = {.aio_data = 4, .aio_lio_opcode = IOCB_CMD_FSYNC, .aio_fildes = fd};
  struct iocb *all[] = {&read, &vector, NULL};
  say("two, and a bad one", syscall(SYS_io_submit, context, 3L, all));
  happens("read", 2, NULL);
  printf("%s, %s, %s\n", read_back, front, rest);
  say("sync", submit(&sync));
  happens("synchronised", 1, NULL);
  struct iocb bad = read;
  bad.aio_fildes = -1;
  say("no file", submit(&bad));
  bad = read;
  bad.aio_lio_opcode = 99;
  say("no operation", submit(&bad));
  bad = read;
  bad.aio_reserved2 = 1;
  say("reserved", submit(&bad));
  bad = sync;
  bad.aio_nbytes = 1;
  say("a sync of bytes", submit(&bad));
  say("no context", syscall(SYS_io_submit, 1L, 1L, all));
  say("none", syscall(SYS_io_submit, context, 0L, all));
  const int closed = open("/dev/null", O_WRONLY);
  bad = read;
  bad.aio_fildes = closed;
  say("not to be read", submit(&bad));
  const int teller = eventfd(0, 0);
  read.aio_flags = IOCB_FLAG_RESFD;
  read.aio_resfd = teller;
  say("with an event", submit(&read));
  uint64_t count = 0;
  CHECK(syscall(SYS_read, teller, &count, sizeof(count)) == sizeof(count));
  printf("told %lu times\n", count);
  happens("read", 1, NULL);
  for (int i = 0; i < 8; i++) CHECK(submit(&sync) == 1);
  happens("some", 4, NULL);
  happens("others", 4, NULL);
}

static int ends[2];

static void *writes_later(void *unused) {
  usleep(2000);
  CHECK(write(ends[1], "late", 4) == 4);
  return unused;
}

static void on_alarm(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
}

static void waits(void) {
  CHECK(pipe(ends) == 0);
  const struct timespec at_once = {0}, soon = {.tv_nsec = 1000000}, never = {.tv_sec = 1000};
  struct iocb poll = {.aio_data = 5, .aio_lio_opcode = IOCB_CMD_POLL, .aio_fildes = ends[1], .aio_buf = POLLOUT};
  say("poll", submit(&poll));
  happens("ready", 1, NULL);
  poll.aio_fildes = ends[0];
  poll.aio_buf = POLLIN;
  poll.aio_data = 6;
  say("poll", submit(&poll));
  happens("nothing yet", 0, &at_once);
  happens("not at once", 1, &at_once);
  happens("not soon", 1, &soon);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, writes_later, NULL) == 0);
  struct io_event event;
  say("late", events(1, 1, &event, &never));
  printf("event %lld: %lld\n", (long long)event.data, (long long)event.res & POLLIN);
  pthread_join(thread, NULL);
  char text[8] = "";
  struct iocb read = {.aio_data = 7, .aio_lio_opcode = IOCB_CMD_PREAD, .aio_fildes = ends[0], .aio_buf = (uintptr_t)text, .aio_nbytes = 4};
  say("read", submit(&read));
  happens("read", 1, NULL);
  printf("%s\n", text);
  say("poll", submit(&poll));
  say("cancelled", syscall(SYS_io_cancel, context, &poll, &event));
  happens("its event", 1, NULL);
  say("nothing to cancel", syscall(SYS_io_cancel, context, &poll, &event));
  say("more than there may be", events(5, 4, &event, NULL));
  say("fewer than none", events(-1, 4, &event, NULL));
  handle(SIGALRM, on_alarm, 0);
  say("poll", submit(&poll));
  sigset_t alarm, none;
  sigemptyset(&none);
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  const struct itimerval timer = {.it_value = {.tv_usec = 1000}};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  const struct {
    const sigset_t *mask;
    size_t size;
  } open = {&none, 8};
  say("a signal", syscall(SYS_io_pgetevents, context, 1L, 1L, &event, NULL, &open));
  say("away", syscall(SYS_io_destroy, context));
  say("gone", events(0, 1, &event, NULL));
}

static uint64_t taken;

static void *takes(void *unused) {
  struct io_event told[4];
  long count;
  while ((count = events(1, 4, told, NULL)) >= 0) {
    CHECK(count >= 1);
    for (long i = 0; i < count; i++) CHECK(told[i].res == 5);
    __atomic_fetch_add(&taken, (uint64_t)count, __ATOMIC_SEQ_CST);
  }
  CHECK(errno == EINVAL);
  return unused;
}

/* A thread waits while there is no request yet: others make some, and end the context at last. */
static void waits_for_others(void) {
  context = 0;
  CHECK(syscall(SYS_io_setup, 8, &context) == 0);
  const int fd = memfd_create("waits", 0);
  pthread_t taker;
  CHECK(pthread_create(&taker, NULL, takes, NULL) == 0);
  usleep(2000);
  for (uint64_t i = 0; i < 10; i++) {
    struct iocb write = {.aio_lio_opcode = IOCB_CMD_PWRITE, .aio_fildes = fd, .aio_buf = (uintptr_t) "hello", .aio_nbytes = 5};
    CHECK(submit(&write) == 1);
    while (__atomic_load_n(&taken, __ATOMIC_SEQ_CST) <= i) usleep(100);
  }
  CHECK(syscall(SYS_io_destroy, context) == 0);
  CHECK(pthread_join(taker, NULL) == 0);
  context = 0;
  CHECK(syscall(SYS_io_setup, 8, &context) == 0);
  const struct timespec time = {.tv_nsec = 1000000};
  happens("nothing to wait for", 1, &time);
  /* on_alarm is set, and SIGALRM blocked but for the wait. */
  const struct itimerval timer = {.it_value = {.tv_usec = 1000}};
  CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
  sigset_t none;
  sigemptyset(&none);
  const struct {
    const sigset_t *mask;
    size_t size;
  } open = {&none, 8};
  struct io_event event;
  say("a signal alone", syscall(SYS_io_pgetevents, context, 1L, 1L, &event, NULL, &open));
}

int main(void) {
  set_up();
  if (context == 0) return succeed();
  files();
  waits();
  waits_for_others();
  return succeed();
}
