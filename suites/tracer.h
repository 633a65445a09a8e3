/* What programs that trace others share. */
#ifndef TRACER_H
#define TRACER_H

#include "tickproof.h"
#include <elf.h>
#include <errno.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

/* Waits for a tracee that is to stop or end. */
static inline int status_of(pid_t task) {
  int status;
  CHECK(waitpid(task, &status, __WALL) == task);
  return status;
}

static inline struct user_regs_struct registers_of(pid_t task) {
  struct user_regs_struct registers;
  CHECK(ptrace(PTRACE_GETREGS, task, NULL, &registers) == 0);
  return registers;
}

static inline siginfo_t info_of(pid_t task) {
  siginfo_t info;
  CHECK(ptrace(PTRACE_GETSIGINFO, task, NULL, &info) == 0);
  return info;
}

/* Lets a tracee go on with a signal, or 0, and waits for its next stop. */
static inline int go(int request, pid_t task, int signal) {
  CHECK(ptrace(request, task, NULL, (void *)(long)signal) == 0);
  return status_of(task);
}

/* Makes a child that its parent traces, and that waits for it in front of `main_of_child`. */
static inline pid_t traced(void (*main_of_child)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    raise(SIGSTOP);
    main_of_child();
    _exit(0);
  }
  CHECK(status_of(child) == (SIGSTOP << 8 | 0x7f));
  return child;
}

#endif
