/* What the kernel tells of files: leases that others break, folders that change, by signals and by descriptors. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

static volatile sig_atomic_t told, told_fd;

static void hear(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  told++;
  told_fd = info->si_fd;
}

static void make(const char *name) {
  const int fd = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0 && close(fd) == 0);
}

int main(void) {
  char folder[] = "/tmp/tickproof-XXXXXX";
  CHECK(mkdtemp(folder) && chdir(folder) == 0);
  make("file");
  handle(SIGRTMIN, hear, 0);
  const int leased = open("file", O_RDONLY);
  CHECK(fcntl(leased, F_SETSIG, SIGRTMIN) == 0);
  if (fcntl(leased, F_SETLEASE, F_RDLCK) == 0) {
    CHECK(fcntl(leased, F_GETLEASE) == F_RDLCK);
    CHECK(open("file", O_WRONLY | O_NONBLOCK) < 0 && errno == EWOULDBLOCK && told == 1 && told_fd == leased);
    const pid_t child = fork();
    if (child == 0) {
      CHECK(open("file", O_WRONLY) >= 0);
      _exit(0);
    }
    /* The child waits for it to be given back. */
    CHECK(fcntl(leased, F_SETLEASE, F_UNLCK) == 0 && fcntl(leased, F_GETLEASE) == F_UNLCK);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  } else CHECK(errno == EAGAIN || errno == EINVAL || errno == EACCES);

  const int watched = open(".", O_RDONLY | O_DIRECTORY), notes = inotify_init1(IN_NONBLOCK);
  CHECK(watched >= 0 && notes >= 0 && inotify_add_watch(notes, ".", IN_CREATE | IN_MOVE | IN_DELETE) == 1);
  CHECK(fcntl(watched, F_SETSIG, SIGRTMIN) == 0);
  const int has_signals = fcntl(watched, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0;
  told = 0;
  make("one");
  make("two");
  CHECK(told == (has_signals ? 2 : 0) && (!has_signals || told_fd == watched));
  CHECK(rename("one", "three") == 0 && unlink("two") == 0 && unlink("three") == 0);
  char events[4096];
  struct pollfd ready = {.fd = notes, .events = POLLIN};
  CHECK(poll(&ready, 1, -1) == 1);
  const ssize_t length = read(notes, events, sizeof(events));
  const uint32_t expected[] = {IN_CREATE, IN_CREATE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE, IN_DELETE};
  size_t count = 0;
  uint32_t cookie = 0;
  for (ssize_t at = 0; at < length; count++) {
    const struct inotify_event *event = (const struct inotify_event *)(events + at);
    CHECK(count < 6 && event->mask == expected[count] && (event->cookie != 0) == (count == 2 || count == 3));
    if (count == 2) cookie = event->cookie;
    CHECK(count != 3 || event->cookie == cookie);
    at += (ssize_t)(sizeof(*event) + event->len);
  }
  CHECK(count == 6 && read(notes, events, sizeof(events)) < 0 && errno == EAGAIN);
  CHECK(unlink("file") == 0 && chdir("/") == 0 && rmdir(folder) == 0);
  return succeed();
}
