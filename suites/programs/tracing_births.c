/*
 * A tracer that gives its tracee the registers back that it has at a birth; with an argument others, which is refused by name.
 */
#include "../tickproof.h"
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

static int makes_children(void) {
  CHECK(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
  raise(SIGSTOP);
  for (int i = 0; i < 2; i++) {
    const pid_t child = i == 0 ? fork() : vfork();
    if (child == 0) _exit(3 + i);
    int status;
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 3 + i);
  }
  return 5;
}

int main(int argc, char **argv) {
  const pid_t tracee = fork();
  if (tracee == 0) _exit(makes_children());
  int status, births = 0;
  CHECK(waitpid(tracee, &status, 0) == tracee && WIFSTOPPED(status));
  CHECK(ptrace(PTRACE_SETOPTIONS, tracee, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK) == 0);
  CHECK(ptrace(PTRACE_CONT, tracee, 0, 0) == 0);
  for (;;) {
    const pid_t stopped = waitpid(-1, &status, __WALL);
    CHECK(stopped > 0);
    if (!WIFSTOPPED(status)) {
      if (stopped == tracee) break;
      continue;
    }
    if (stopped == tracee && status >> 16 != 0) {
      struct user_regs_struct registers;
      CHECK(ptrace(PTRACE_GETREGS, tracee, 0, &registers) == 0);
      registers.r15 += argc - 1;
      CHECK(ptrace(PTRACE_SETREGS, tracee, 0, &registers) == 0);
      births++;
    }
    CHECK(ptrace(PTRACE_CONT, stopped, 0, 0) == 0);
  }
  printf("births: %d, end: %d\n", births, WEXITSTATUS(status));
  return succeed();
}
