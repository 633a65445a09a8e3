/* Signals that descriptors send: O_ASYNC with a signal of one's own, to a thread, leases that are broken,
 * folders that change. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

static volatile sig_atomic_t ready, changed, broken;

static void on_ready(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  CHECK(info->si_code == POLL_IN);
  ready = info->si_fd;
}
static void on_change(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  changed++;
}
static void on_break(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  broken = info->si_fd;
}

int main(void) {
  handle(SIGRTMIN, on_ready, 0);
  handle(SIGRTMIN + 1, on_change, 0);
  handle(SIGRTMIN + 2, on_break, 0);
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  struct f_owner_ex owner = {F_OWNER_TID, (pid_t)syscall(SYS_gettid)};
  CHECK(fcntl(ends[0], F_SETSIG, SIGRTMIN) == 0 && fcntl(ends[0], F_SETOWN_EX, &owner) == 0);
  CHECK(fcntl(ends[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0);
  owner.pid = 0;
  CHECK(fcntl(ends[0], F_GETOWN_EX, &owner) == 0 && owner.pid == syscall(SYS_gettid) &&
        fcntl(ends[0], F_GETSIG) == SIGRTMIN);
  CHECK(write(ends[1], "x", 1) == 1);
  while (!ready) usleep(100);
  CHECK(ready == ends[0]);

  char folder[] = "/tmp/tickproof-XXXXXX", file[64];
  CHECK(mkdtemp(folder));
  snprintf(file, sizeof(file), "%s/file", folder);
  const int watched = open(folder, O_RDONLY | O_DIRECTORY);
  CHECK(fcntl(watched, F_SETSIG, SIGRTMIN + 1) == 0);
  const int notifies = fcntl(watched, F_NOTIFY, DN_CREATE | DN_MULTISHOT) == 0;
  const int leased = open(file, O_RDWR | O_CREAT, 0600);
  CHECK(leased >= 0 && (!notifies || changed >= 1));
  close(leased);
  const int reader = open(file, O_RDONLY);
  CHECK(fcntl(reader, F_SETSIG, SIGRTMIN + 2) == 0);
  if (fcntl(reader, F_SETLEASE, F_RDLCK) == 0) {
    CHECK(fcntl(reader, F_GETLEASE) == F_RDLCK);
    const pid_t child = fork();
    if (child == 0) _exit(open(file, O_WRONLY) >= 0 ? 0 : 1);
    while (!broken) usleep(100);
    CHECK(broken == reader && fcntl(reader, F_SETLEASE, F_UNLCK) == 0);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  CHECK(unlink(file) == 0 && rmdir(folder) == 0);
  return succeed();
}
