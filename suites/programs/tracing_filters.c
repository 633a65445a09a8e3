/* Filters of system calls that have the tracer of a task asked (SECCOMP_RET_TRACE): it lets calls be, changes them, or is not
 * there to be asked. */
#include "../tracer.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define IF_CALL(number, then) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, then)

static void filtered(void) {
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      IF_CALL(SYS_getppid, SECCOMP_RET_TRACE | 0x123),
      IF_CALL(SYS_getuid, SECCOMP_RET_TRACE | 0x456),
      IF_CALL(SYS_getgid, SECCOMP_RET_ERRNO | 77),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
  const long parent = syscall(SYS_getppid), user = syscall(SYS_getuid);
  errno = 0;
  const long group = syscall(SYS_getgid);
  printf("parent %d, user %ld, group %ld (%d)\n", parent == getppid() && parent > 0, user, group, errno);
  fflush(stdout);
}

static int is_filtered(long number) {
  return number == SYS_getppid || number == SYS_getuid || number == SYS_getgid || number == -1;
}

/* @param request How the child goes on; with PTRACE_SYSCALL its other stops come between. */
static void follow(int request, int options) {
  const pid_t child = traced(filtered);
  CHECK(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | options) == 0);
  int status;
  while (WIFSTOPPED(status = go(request, child, 0))) {
    struct user_regs_struct registers = registers_of(child);
    if (!is_filtered(registers.orig_rax)) continue;
    unsigned long message;
    struct __ptrace_syscall_info info;
    CHECK(ptrace(PTRACE_GETEVENTMSG, child, NULL, &message) == 0);
    const long size = ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info), &info);
    const int is_parent = registers.rax == (unsigned long)getpid();
    printf("stop %x, message %lx, call %lld, result %lld, kind %d (%ld bytes)\n", status, message,
           (long long)registers.orig_rax, is_parent ? 1 : (long long)registers.rax, info.op, size);
    if (status >> 16 != PTRACE_EVENT_SECCOMP || registers.orig_rax != SYS_getuid) continue;
    registers.orig_rax = -1, registers.rax = 999;
    CHECK(ptrace(PTRACE_SETREGS, child, NULL, &registers) == 0);
  }
  printf("end %x\n", status);
  fflush(stdout);
}

int main(void) {
  follow(PTRACE_CONT, 0);
  follow(PTRACE_CONT, PTRACE_O_TRACESECCOMP);
  follow(PTRACE_SYSCALL, PTRACE_O_TRACESECCOMP);
  return succeed();
}
