/* clone3 and clone: tasks that share this and not that, ids that are written and cleared, descriptors of
 * processes, wrong wishes. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/wait.h>

static int shared;

static int child(void *of) {
  shared += *(int *)of;
  return close(9) == 0 ? 5 : 6;
}

static long clone3(struct clone_args *args, size_t size) { return syscall(SYS_clone3, args, size); }

int main(void) {
  static char stack[64 << 10] __attribute__((aligned(16)));
  int amount = 3, status;
  CHECK(dup2(1, 9) == 9);
  pid_t pid = clone(child, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, &amount);
  CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5 && shared == 3);
  CHECK(fcntl(9, F_GETFD) < 0 && dup2(1, 9) == 9);
  pid = clone(child, stack + sizeof(stack), 0, &amount);
  CHECK(waitpid(pid, &status, 0) < 0 && errno == ECHILD);
  CHECK(waitpid(pid, &status, __WCLONE) == pid && WEXITSTATUS(status) == 5 && shared == 3 &&
        fcntl(9, F_GETFD) == 0);

  pid_t theirs = 0, ours = 0;
  int fd = -1;
  struct clone_args args = {
      .flags = CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
      .exit_signal = SIGCHLD};
  args.pidfd = (uint64_t)(uintptr_t)&fd;
  args.parent_tid = (uint64_t)(uintptr_t)&ours;
  args.child_tid = (uint64_t)(uintptr_t)&theirs;
  pid = (pid_t)clone3(&args, sizeof(args));
  if (pid < 0 && errno == ENOSYS) return succeed();
  if (pid == 0) _exit(theirs == (pid_t)syscall(SYS_gettid) ? 0 : 1);
  CHECK(pid > 0 && ours == pid && theirs == 0 && fd >= 0);
  siginfo_t info;
  CHECK(waitid((idtype_t)3, (id_t)fd, &info, WEXITED) == 0 && info.si_pid == pid && info.si_status == 0);
  args = (struct clone_args){.flags = CLONE_THREAD, .exit_signal = 0};
  CHECK(clone3(&args, sizeof(args)) < 0 && errno == EINVAL);
  args = (struct clone_args){.exit_signal = 200};
  CHECK(clone3(&args, sizeof(args)) < 0 && errno == EINVAL);
  CHECK(clone3(&args, 8) < 0 && errno == EINVAL);
  CHECK(clone3((struct clone_args *)8, sizeof(args)) < 0 && errno == EFAULT);
  args = (struct clone_args){.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD};
  args.stack = (uint64_t)(uintptr_t)stack;
  args.stack_size = sizeof(stack);
  /* The child has an empty stack: it must not return from a function. */
  long made;
  __asm__ volatile("syscall\n\ttest %%eax, %%eax\n\tjnz 1f\n\tmov $60, %%eax\n\tmov $7, %%edi\n\tsyscall\n1:"
                   : "=a"(made)
                   : "a"(SYS_clone3), "D"(&args), "S"(sizeof(args))
                   : "rcx", "r11", "memory");
  CHECK(made > 0 && waitpid((pid_t)made, &status, 0) == made && WEXITSTATUS(status) == 7);
  return succeed();
}
