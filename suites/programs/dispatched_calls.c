/*
 * Syscall user dispatch: calls from outside of a range bring SIGSYS while a byte says so; and options of prctl that came with
 * later kernels.
 */
#include "../tickproof.h"
#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <ucontext.h>

enum { DISPATCH = 59, OFF = 0, ON = 1, INSIDE = 2 };
enum { ALLOWED = 0, BLOCKED = 1 };

static volatile char selector;
static volatile int handled, last, code, info_number, result = 77, places;

static long call(long number, long first, long second) {
  register long out __asm__("rax") = number;
  __asm__ volatile("syscall" : "+r"(out) : "D"(first), "S"(second) : "rcx", "r11", "memory");
  return out;
}

/* Answers the call in the kernel's place. Its own return is a call, too. */
static void on_call(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  handled++, last = registers[REG_RAX], code = info->si_code, info_number = info->si_syscall;
  places += (greg_t)info->si_call_addr == registers[REG_RIP] && registers[REG_RCX] == registers[REG_RIP];
  registers[REG_RAX] = result;
  selector = ALLOWED;
}

static long set(long mode, unsigned long start, unsigned long length, volatile char *at) {
  return prctl(DISPATCH, mode, start, length, at) == 0 ? 0 : -errno;
}

static void in_child(const char *what, int ending) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    handle(SIGSYS, on_call, 0);
    handle(SIGSEGV, on_call, 0);
    if (ending >= 0) CHECK(set(ON, 0, 0, ending < 255 ? &selector : (void *)8) == 0);
    selector = ending;
    call(SYS_getpid, 0, 0);
    _exit(handled);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  printf("%s: %d %d\n", what, WTERMSIG(status), WEXITSTATUS(status));
}

int main(int argc, char **argv) {
  if (argc > 1) return call(SYS_getpid, 0, 0) == getpid() ? 0 : 1;
  printf("modes: %ld %ld %ld\n", set(9, 0, 0, NULL), set(OFF, 1, 0, NULL), set(OFF, 0, 0, &selector));
  printf("ranges: %ld %ld %ld\n", set(ON, 1, 0, NULL), set(ON, 8, -8ul, NULL), set(INSIDE, 1, 0, NULL));
  printf("selectors: %ld %ld\n", set(ON, 0, 0, (void *)~0ul), set(INSIDE, 8, 8, (void *)~0ul) < 0);
  handle(SIGSYS, on_call, 0);
  CHECK(set(ON, 0, 0, &selector) == 0);
  int wrong = 0;
  for (int i = 0; i < 100; i++) {
    wrong += call(SYS_getppid, 0, 0) == 77;
    selector = BLOCKED;
    wrong += call(SYS_getppid, i, 2) != 77 || selector != ALLOWED;
    selector = BLOCKED;
    wrong += call(SYS_exit_group, 3, 2) != 77 || last != SYS_exit_group;
    selector = BLOCKED;
    wrong += call(100000, 3, 2) != 77;
    selector = ALLOWED;
  }
  printf("dispatched: %d %d, code %d, of %d, at its place %d\n", handled, wrong, code, info_number, places);
  in_child("inherited by nobody", -1);
  CHECK(set(OFF, 0, 0, NULL) == 0);
  in_child("blocked", BLOCKED);
  in_child("neither", 5);
  /* All text of this program is let pass, and its C library is not. */
  extern const char __executable_start[], etext[];
  CHECK(set(ON, (unsigned long)__executable_start, etext - __executable_start, &selector) == 0);
  handled = 0;
  selector = BLOCKED;
  wrong = call(SYS_getppid, 0, 0) == 77;
  const int own = handled;
  wrong += getppid() != 77;
  selector = ALLOWED;
  printf("by range: %d %d %d\n", own, handled, wrong);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(set(ON, 0, 0, &selector) == 0);
    execl("/proc/self/exe", argv[0], "executed", NULL);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  printf("executed: %d\n", status);
  CHECK(set(OFF, 0, 0, NULL) == 0);
  printf("ids of timers: %d %d\n", prctl(77, 2, 0, 0, 0), prctl(77, 9, 0, 0, 0));
  return succeed();
}
