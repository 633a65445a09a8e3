/* Limits that a program runs into: the size of files, descriptors, its stack. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile sig_atomic_t got[65];

static void note(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  got[signal]++;
}

static void limit(int which, rlim_t soft) {
  struct rlimit limits;
  CHECK(getrlimit(which, &limits) == 0);
  limits.rlim_cur = soft;
  CHECK(setrlimit(which, &limits) == 0);
  CHECK(getrlimit(which, &limits) == 0 && limits.rlim_cur == soft);
}

static int recurse(int depth) {
  volatile char room[1024];
  room[0] = (char)depth;
  return depth == 0 ? 0 : recurse(depth - 1) + (room[0] != 0);
}

int main(void) {
  handle(SIGXFSZ, note, 0);
  char name[] = "/tmp/tickproof-XXXXXX";
  const int fd = mkstemp(name);
  CHECK(fd >= 0 && unlink(name) == 0);
  limit(RLIMIT_FSIZE, 10);
  CHECK(write(fd, "0123456789abc", 13) == 10);
  CHECK(write(fd, "x", 1) < 0 && errno == EFBIG && got[SIGXFSZ] == 1);
  CHECK(ftruncate(fd, 11) < 0 && errno == EFBIG && got[SIGXFSZ] == 2);
  limit(RLIMIT_FSIZE, RLIM_INFINITY);
  limit(RLIMIT_NOFILE, 20);
  int opened = 0, last;
  while ((last = dup(fd)) >= 0) opened++;
  CHECK(errno == EMFILE && opened > 0);
  for (int i = fd + 1; i < 20; i++) close(i);
  fflush(NULL);
  const pid_t child = fork();
  if (child == 0) {
    limit(RLIMIT_STACK, 256 << 10);
    limit(RLIMIT_CORE, 0);
    _exit(recurse(4000) & 1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
  return succeed();
}
