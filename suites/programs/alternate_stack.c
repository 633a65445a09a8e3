/* Handlers on a stack of their own: nested on it, after the ordinary stack has overflowed at a limit that the
 * program has set, and where there is no stack to put their frame on. */
#include "../tickproof.h"
#include <setjmp.h>
#include <sys/resource.h>

static char own_stack[1 << 16];
static sigjmp_buf back;
static volatile int segv;

static int on_own_stack(void) {
  char here;
  return &here >= own_stack && &here < own_stack + sizeof own_stack;
}

static void on_user(int signal, siginfo_t *info, void *context) {
  stack_t found;
  (void)info;
  (void)context;
  CHECK(sigaltstack(NULL, &found) == 0);
  printf("signal %d: own stack %d, flags %d\n", signal, on_own_stack(), found.ss_flags);
  if (signal == SIGUSR1) CHECK(raise(SIGUSR2) == 0);
}

static void on_segv(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  CHECK(on_own_stack());
  segv++;
  siglongjmp(back, 1);
}

static void on_alarm(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
}

static int deep(int level) {
  volatile char page[4096];
  page[0] = (char)level;
  return level < 1 << 20 ? deep(level + 1) + page[0] : 0;
}

int main(void) {
  const stack_t stack = {.ss_sp = own_stack, .ss_size = sizeof own_stack};
  struct rlimit limit;
  struct itimerval period = {.it_interval.tv_usec = 2000, .it_value.tv_usec = 2000}, off = {0};
  CHECK(sigaltstack(&stack, NULL) == 0);
  handle(SIGUSR1, on_user, SA_ONSTACK);
  handle(SIGUSR2, on_user, SA_ONSTACK);
  handle(SIGSEGV, on_segv, SA_ONSTACK);
  CHECK(raise(SIGUSR1) == 0);
  handle(SIGUSR2, on_user, 0);
  CHECK(raise(SIGUSR2) == 0);

  CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
  for (volatile int i = 0; i < 4; i++) {
    limit.rlim_cur = (rlim_t)(1 + i % 2 * 2) << 20;
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0);
    if (!sigsetjmp(back, 1)) deep(0);
  }
  printf("%d overflows\n", segv);

  handle(SIGUSR2, on_user, 0);
  pid_t self = getpid();
  for (volatile int i = 0; i < 3; i++)
    if (!sigsetjmp(back, 1))
      __asm__ volatile("mov $0x2000, %%rsp; syscall; ud2" ::"a"(SYS_kill), "D"(self), "S"(SIGUSR2)
                       : "rcx", "r11", "memory");
  printf("%d with those behind a call\n", segv);

  handle(SIGALRM, on_alarm, 0);
  CHECK(setitimer(ITIMER_REAL, &period, NULL) == 0);
  for (volatile int i = 0; i < 3; i++)
    if (!sigsetjmp(back, 1)) __asm__ volatile("mov $0x2000, %%rsp; 1: jmp 1b" ::: "memory");
  CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
  printf("%d with those in a loop\n", segv);
  return succeed();
}
