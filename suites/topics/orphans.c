/* Orphans go to whoever has asked for them; a signal tells of a parent's death; groups and sessions, killed
 * as one. */
#include "../tickproof.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>

static volatile sig_atomic_t told;
static void tell(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  told = 1;
}

static void grandchild(int out, pid_t subreaper) {
  sigset_t set, old;
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  CHECK(sigprocmask(SIG_BLOCK, &set, &old) == 0);
  handle(SIGUSR1, tell, 0);
  CHECK(prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0);
  CHECK(write(out, "r", 1) == 1);
  while (!told) sigsuspend(&old);
  while (getppid() != subreaper) usleep(100);
  _exit(5);
}

int main(void) {
  CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t self = getpid();
  const pid_t child = fork();
  if (child == 0) {
    if (fork() == 0) grandchild(ends[1], self);
    char letter;
    CHECK(read(ends[0], &letter, 1) == 1);
    _exit(4);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 4);
  const pid_t orphan = waitpid(-1, &status, __WALL);
  CHECK(orphan > 0 && orphan != child && WEXITSTATUS(status) == 5);
  CHECK(waitpid(-1, &status, 0) < 0 && errno == ECHILD);

  pid_t leader = 0;
  for (int i = 0; i < 3; i++) {
    const pid_t member = fork();
    if (member == 0) {
      CHECK(setpgid(0, leader) == 0 || errno == EACCES);
      for (;;) pause();
    }
    if (!leader) leader = member;
    CHECK(setpgid(member, leader) == 0 && getpgid(member) == leader);
  }
  CHECK(kill(-leader, SIGTERM) == 0);
  for (int i = 0; i < 3; i++)
    CHECK(waitpid(-leader, &status, 0) > 0 && WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
  CHECK(kill(-leader, 0) < 0 && errno == ESRCH);
  return succeed();
}
