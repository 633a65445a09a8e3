/* clone3: processes and threads with all that its struct says, and what is wrong with one. */
#include "../tickproof.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define STACK 65536

static struct clone_args *args;
static char *stack;
static volatile int shared;
static volatile int usr1;

/* Makes a task; one with a stack of its own runs `child` there, by raw calls only, since it has no TLS. */
static long make(size_t size, int (*child)(void)) {
  long result;
  __asm__ volatile(
    "movq %[child], %%r12\n"
    "syscall\n"
    "testq %%rax, %%rax\n"
    "jnz 1f\n"
    "testq %%r12, %%r12\n"
    "jz 1f\n"
    "xorl %%ebp, %%ebp\n"
    "call *%%r12\n"
    "movl %%eax, %%edi\n"
    "movl $60, %%eax\n"
    "syscall\n"
    "1:\n"
    : "=a"(result)
    : "a"(SYS_clone3), "D"(args), "S"(size), [child] "r"(child)
    : "rcx", "r11", "r12", "memory");
  return result;
}

static int spin_and_store(void) {
  for (volatile int i = 0; i < 1000; i++);
  shared = 7;
  return 5;
}

static void anew(unsigned long long flags, int exit_signal, int has_stack) {
  memset(args, 0, STACK);
  args->flags = flags;
  args->exit_signal = exit_signal;
  if (!has_stack) return;
  args->stack = (unsigned long)stack;
  args->stack_size = STACK;
}

static int end_of(long pid) {
  int status;
  CHECK(waitpid(pid, &status, __WALL) == pid && WIFEXITED(status));
  return WEXITSTATUS(status);
}

static void on_usr1(int signal) {
  (void)signal;
  usr1++;
}

static void process_with_ids(void) {
  int pidfd = -1;
  pid_t parent_tid = 0, child_tid = 0;
  anew(CLONE_PIDFD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID, SIGCHLD, 0);
  args->pidfd = (unsigned long)&pidfd;
  args->parent_tid = (unsigned long)&parent_tid;
  args->child_tid = (unsigned long)&child_tid;
  const long pid = make(sizeof(*args), NULL);
  CHECK(pid >= 0);
  if (pid == 0) _exit(child_tid == getpid() && parent_tid == 0 ? 3 : 4);
  CHECK(parent_tid == pid && child_tid == 0 && pidfd > 2);
  struct pollfd end = {pidfd, POLLIN, 0};
  CHECK(poll(&end, 1, -1) == 1);
  siginfo_t info;
  CHECK(waitid(P_PIDFD, pidfd, &info, WEXITED) == 0 && info.si_pid == pid);
  printf("a process with its ids and a descriptor ends with %d\n", info.si_status);
  close(pidfd);
}

static void thread(void) {
  static volatile int tid;
  anew(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_PARENT_SETTID |
         CLONE_CHILD_CLEARTID,
       0, 1);
  args->parent_tid = args->child_tid = (unsigned long)&tid;
  shared = 0;
  const long made = make(sizeof(*args), spin_and_store);
  CHECK(made > 0);
  for (int now; (now = tid) != 0;) syscall(SYS_futex, &tid, FUTEX_WAIT, now, NULL, NULL, 0);
  printf("a thread has stored %d\n", shared);
}

static void beside(const char *what, unsigned long long flags, size_t size) {
  anew(flags, SIGCHLD, 1);
  shared = 0;
  const long pid = make(size, spin_and_store);
  CHECK(pid > 0);
  const int code = end_of(pid);
  printf("%s: ended with %d, has stored %d\n", what, code, shared);
}

static void actions(void) {
  CHECK(signal(SIGUSR1, on_usr1) != SIG_ERR && signal(SIGUSR2, SIG_IGN) != SIG_ERR);
  anew(CLONE_CLEAR_SIGHAND, SIGUSR1, 0);
  usr1 = 0;
  const long pid = make(sizeof(*args), NULL);
  CHECK(pid >= 0);
  if (pid == 0) {
    struct sigaction one, two;
    sigaction(SIGUSR1, NULL, &one);
    sigaction(SIGUSR2, NULL, &two);
    if (one.sa_handler != SIG_DFL || two.sa_handler != SIG_IGN) _exit(1);
    raise(SIGUSR1);
    _exit(2);
  }
  int status;
  while (waitpid(pid, &status, __WALL) != pid) CHECK(errno == EINTR);
  printf("without handlers it dies of signal %d, and its end is told by SIGUSR1: %d\n", WTERMSIG(status), usr1);
}

static void wrong(const char *what, size_t size) {
  const long result = make(size, spin_and_store);
  printf("%s: %s\n", what, result < 0 ? strerrorname_np(-result) : "made");
  CHECK(result < 0);
}

int main(void) {
  setvbuf(stdout, NULL, _IONBF, 0);
  args = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(args != MAP_FAILED && stack != MAP_FAILED);
  process_with_ids();
  thread();
  beside("its own memory", 0, sizeof(*args));
  beside("shared memory", CLONE_VM, sizeof(*args));
  beside("instead of its parent", CLONE_VM | CLONE_VFORK, sizeof(*args));
  beside("untraced", CLONE_VM | CLONE_UNTRACED, sizeof(*args));
  beside("untraced, by the oldest struct", CLONE_UNTRACED, 64);
  beside("untraced, by a struct of a page", CLONE_VM | CLONE_UNTRACED, 4096);
  actions();
  anew(CLONE_VM, SIGCHLD, 1);
  wrong("a struct that is too short", 56);
  wrong("a struct that is too long", 8192);
  ((char *)args)[4000] = 1;
  wrong("a struct with something behind it", 4096);
  anew(CLONE_VM | CLONE_UNTRACED, SIGCHLD, 1);
  ((char *)args)[4000] = 1;
  wrong("one that is untraced", 4096);
  anew(CLONE_VM | 0x11, 0, 1);
  wrong("a signal among the flags", sizeof(*args));
  anew(CLONE_THREAD, 0, 1);
  wrong("a thread with its own memory", sizeof(*args));
  anew(CLONE_VM, SIGCHLD, 1);
  args->stack_size = 0;
  wrong("a stack without a size", sizeof(*args));
  args = (struct clone_args *)8;
  wrong("a struct that is nowhere", sizeof(*args));
  return succeed();
}
