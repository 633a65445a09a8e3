/* Deaths that no stop announces: in the middle of work, by another process, by another thread, by a limit, by a frame. */
#include "../tickproof.h"

#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

static volatile int *begun;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
}

static void work(void) {
  static volatile uint64_t turns;
  *begun = 1;
  for (;;)
    if (++turns % 3 == 0) turns++;
}

/* Turns without a conditional branch. */
static void spin(void) {
  *begun = 1;
  for (;;) __asm__ volatile("");
}

static void *work_in_thread(void *unused) {
  (void)unused;
  work();
  return NULL;
}

/* A second of processor time, and no more. */
static void work_to_the_limit(void) {
  const struct rlimit limit = {.rlim_cur = 1, .rlim_max = 1};
  CHECK(setrlimit(RLIMIT_CPU, &limit) == 0);
  work();
}

static void exit_beside_workers(void) {
  pthread_t thread;
  for (int i = 0; i < 3; i++) CHECK(pthread_create(&thread, NULL, work_in_thread, NULL) == 0);
  while (!*begun) sched_yield();
  _exit(7);
}

static void lose_stack(void) {
  handle(SIGSEGV, on_signal, 0);
  for (volatile int i = 0; i < 1000; i++);
  __asm__ volatile("xor %%esp, %%esp; mov 0, %%eax" ::: "memory");
}

static void lose_stack_by_another(void) {
  handle(SIGUSR1, on_signal, 0);
  __asm__ volatile("mov %%rsp, %%r12; xor %%esp, %%esp; syscall; mov %%r12, %%rsp"
                   : : "a"(SYS_tkill), "D"(getpid()), "S"(SIGUSR1) : "r12", "rcx", "r11", "memory");
}

static void fault_while_blocked(void) {
  sigset_t all;
  sigfillset(&all);
  handle(SIGSEGV, on_signal, 0);
  CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
  *(volatile int *)8 = 1;
}

static void fault_while_ignored(void) {
  CHECK(signal(SIGSEGV, SIG_IGN) != SIG_ERR);
  *(volatile int *)8 = 1;
}

static const struct {
  const char *name;
  void (*run)(void);
  int killed; /* by its parent, once it has begun */
} WAYS[] = {
  {"killed at work", work, 1},
  {"killed in a loop without ticks", spin, 1},
  {"out of processor time", work_to_the_limit, 0},
  {"beside an exit", exit_beside_workers, 0},
  {"no room for a frame", lose_stack, 0},
  {"no room for a frame of another signal", lose_stack_by_another, 0},
  {"a fault that is blocked", fault_while_blocked, 0},
  {"a fault that is ignored", fault_while_ignored, 0},
};

int main(void) {
  begun = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(begun != MAP_FAILED);
  for (size_t i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
    *begun = 0;
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
      WAYS[i].run();
      _exit(0);
    }
    int status;
    while (WAYS[i].killed && !*begun) usleep(1000);
    if (WAYS[i].killed) CHECK(kill(pid, SIGKILL) == 0);
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("%s: %s %d\n", WAYS[i].name, WIFSIGNALED(status) ? "signal" : "exit",
           WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  }
  return succeed();
}
