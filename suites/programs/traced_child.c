/* ptrace: a parent steps its child over a loop and reads what it counted. */
#include "../tickproof.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

static volatile long counted;

int main(void) {
  const pid_t child = fork();
  if (child == 0) {
    CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    for (int turn = 0; turn < 42; turn++) counted++;
    raise(SIGSTOP);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  CHECK(ptrace(PTRACE_PEEKDATA, child, &counted, NULL) == 42);
  CHECK(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) == 0);
  CHECK(waitpid(child, &status, 0) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTRAP);
  CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return succeed();
}
