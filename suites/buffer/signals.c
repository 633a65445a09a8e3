/* Actions and masks of signals that change all the time: a signal does what was set last, and one that waited comes where it
   is let in, with a stop or without. Says nothing that differs between runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SET = 8 };
struct action { void (*handler)(int); unsigned long flags; void (*restorer)(void); unsigned long mask; };

static volatile int place, counts[65], places[65];
static void first(int signal) { counts[signal]++, places[signal] = place; }
static void second(int signal) { counts[signal] += 100, places[signal] = place; }

static long mask(int how, unsigned long set, unsigned long *old) {
  return syscall(SYS_rt_sigprocmask, how, &set, old, SET);
}

static unsigned long bit(int signal) { return 1ul << (signal - 1); }

static void actions(void) {
  int wrong = 0;
  struct sigaction old;
  for (int i = 0; i < 500; i++) {
    signal(SIGUSR1, first);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    signal(SIGUSR1, second);
    raise(SIGUSR1);
    sigaction(SIGUSR1, 0, &old);
    wrong += old.sa_handler != second;
    signal(SIGUSR1, SIG_DFL);
    sigaction(SIGUSR1, 0, &old);
    wrong += old.sa_handler != SIG_DFL;
  }
  static const struct sigaction once = {.sa_handler = first, .sa_flags = SA_RESETHAND};
  for (int i = 0; i < 20; i++) {
    sigaction(SIGUSR2, &once, 0);
    raise(SIGUSR2);
    sigaction(SIGUSR2, 0, &old);
    wrong += old.sa_handler != SIG_DFL;
  }
  wrong += !(syscall(SYS_rt_sigaction, SIGUSR1, (void *)8, 0, SET) == -1 && errno == EFAULT);
  wrong += !(syscall(SYS_rt_sigaction, SIGKILL, &once, 0, SET) == -1 && errno == EINVAL);
  wrong += !(syscall(SYS_rt_sigaction, SIGUSR1, &once, 0, 4) == -1 && errno == EINVAL);
  printf("actions: %d %d %d\n", counts[SIGUSR1], counts[SIGUSR2], wrong);
  int status;
  signal(SIGUSR1, first), signal(SIGUSR1, SIG_IGN), signal(SIGUSR2, SIG_IGN), signal(SIGUSR2, SIG_DFL);
  pid_t child = fork();
  if (!child) {
    raise(SIGUSR1), raise(SIGUSR2);
    _exit(1);
  }
  waitpid(child, &status, 0);
  printf("inherited: %d\n", WTERMSIG(status));
}

static void masks(void) {
  int wrong = 0;
  unsigned long old = 1, before;
  memset((void *)counts, 0, sizeof counts);
  signal(SIGUSR1, first), signal(SIGUSR2, second), signal(SIGTRAP, first);
  mask(SIG_BLOCK, 0, &before);
  for (int i = 0; i < 300; i++) {
    mask(SIG_BLOCK, bit(SIGUSR1) | bit(SIGKILL) | bit(SIGTRAP), &old);
    wrong += old != before;
    raise(SIGUSR1), raise(SIGUSR1), raise(SIGTRAP);
    wrong += counts[SIGUSR1] != i;
    mask(SIG_BLOCK, bit(SIGUSR2), &old);
    wrong += old != (before | bit(SIGUSR1) | bit(SIGTRAP));
    raise(SIGUSR2);
    place = 3 * i;
    mask(SIG_UNBLOCK, bit(SIGUSR1), &old);
    place = 3 * i + 1;
    wrong += old != (before | bit(SIGUSR1) | bit(SIGUSR2) | bit(SIGTRAP));
    wrong += counts[SIGUSR1] != i + 1 || places[SIGUSR1] != 3 * i || counts[SIGUSR2] != 100 * i;
    mask(SIG_SETMASK, before, &old);
    place = 3 * i + 2;
    wrong += counts[SIGUSR2] != 100 * (i + 1) || places[SIGUSR2] != 3 * i + 1;
    wrong += counts[SIGTRAP] != i + 1 || places[SIGTRAP] != 3 * i + 1;
  }
  unsigned long set = bit(SIGUSR1);
  wrong += !(syscall(SYS_rt_sigprocmask, 7, &set, &old, SET) == -1 && errno == EINVAL);
  wrong += !(syscall(SYS_rt_sigprocmask, 7, 0, &old, SET) == 0 && old == before);
  wrong += !(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, 4) == -1 && errno == EINVAL);
  wrong += !(syscall(SYS_rt_sigprocmask, SIG_BLOCK, (void *)8, &old, SET) == -1 && errno == EFAULT);
  char *page = mmap(0, 8192, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(page + 4096, 4096);
  wrong += !(syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, page, SET) == -1 && errno == EFAULT);
  wrong += !(syscall(SYS_rt_sigprocmask, SIG_BLOCK, page + 4092, 0, SET) == -1 && errno == EFAULT);
  mask(SIG_SETMASK, before, &old);
  wrong += old != (before | bit(SIGUSR1));
  printf("masks: %d %d %d %d\n", counts[SIGUSR1], counts[SIGUSR2], counts[SIGTRAP], wrong);
}

static void *alone(void *none) {
  unsigned long old;
  mask(SIG_BLOCK, bit(SIGUSR1), &old);
  for (int i = 0; i < 50; i++) mask(SIG_UNBLOCK, bit(SIGUSR1), &old), mask(SIG_BLOCK, bit(SIGUSR1), &old);
  return (void *)(old & bit(SIGUSR1));
}

/* A signal for the process comes to the thread that does not block it. */
static void threads(void) {
  pthread_t thread;
  void *result;
  counts[SIGUSR1] = 0;
  pthread_create(&thread, 0, alone, 0);
  for (int i = 0; i < 20; i++) kill(getpid(), SIGUSR1);
  pthread_join(thread, &result);
  struct rlimit limit;
  int wrong = 0;
  for (int i = 0; i < 100; i++) {
    wrong += prlimit(0, RLIMIT_NOFILE, 0, &limit) != 0 || limit.rlim_cur == 0;
    wrong += syscall(SYS_set_robust_list, 8, 4) != -1 || syscall(SYS_rseq, 0, 0, 0, 0) != -1;
  }
  printf("threads: %d %d %d\n", counts[SIGUSR1], result != 0, wrong);
}

int main(int count, char **arguments) {
  if (count > 1) {
    struct sigaction old;
    sigaction(SIGUSR1, 0, &old);
    int isIgnored = old.sa_handler == SIG_IGN;
    sigaction(SIGUSR2, 0, &old);
    unsigned long now;
    mask(SIG_BLOCK, 0, &now);
    printf("executed: %d %d %d\n", isIgnored, old.sa_handler == SIG_DFL, now == bit(SIGCHLD));
    fflush(stdout);
    raise(SIGUSR1), raise(SIGUSR2);
    return 1;
  }
  actions();
  masks();
  threads();
  fflush(stdout);
  unsigned long old;
  for (int i = 0; i < 10; i++) signal(SIGUSR1, SIG_IGN), signal(SIGUSR2, first), mask(SIG_SETMASK, bit(SIGCHLD), &old);
  execl("/proc/self/exe", "signals", "again", (char *)0);
  return 2;
}
