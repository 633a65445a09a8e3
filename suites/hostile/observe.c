/*
 * observe FILE COMMAND ARGS…: runs a command, and writes each system call that another process of it asks the kernel for
 * to FILE, as "PID NUMBER ARGUMENT0 ARGUMENT2 ARGUMENT3". The command's own process is left out: it is the tracer.
 */
#include "../supervise.h"

static FILE *observed;

static int note(const struct seccomp_notif *call, int process, int child) {
  if (process != 0 && process != child)
    fprintf(observed, "%u %d 0x%llx 0x%llx 0x%llx\n", call->pid, call->data.nr, call->data.args[0], call->data.args[2],
            call->data.args[3]);
  return 0;
}

int main(int count, char **arguments) {
  /* futex reaches nothing, and the C library gives up where a signal ends one that wakes, as it may while it waits. */
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
  };
  CHECK(count > 2);
  observed = fopen(arguments[1], "w");
  CHECK(observed && fcntl(fileno(observed), F_SETFD, FD_CLOEXEC) == 0);
  int end = supervise(arguments + 2, (struct sock_fprog){sizeof(code) / sizeof(code[0]), code}, note);
  CHECK(fclose(observed) == 0);
  return end;
}
