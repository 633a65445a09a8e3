/* SIGTRAP is the signal that the engine lives by, and the program's own all the same: blocked, ignored, handled,
 * waited for, and raised by an instruction. */
#include "../tickproof.h"
#include <poll.h>
#include <sys/wait.h>

static volatile int handled;
static volatile uint64_t sink;

static void work(void) {
  for (int i = 0; i < 20000; i++) sink = mix(sink, (unsigned)i & 7);
}

static int blocks(int signal) {
  sigset_t mask;
  CHECK(sigprocmask(SIG_BLOCK, NULL, &mask) == 0);
  return sigismember(&mask, signal);
}

static void on_trap(int signal, siginfo_t *info, void *context) {
  int value = info->si_code == SI_QUEUE ? info->si_value.sival_int : 0;
  (void)context;
  work();
  printf("%d: signal %d, value %d, blocked %d\n", ++handled, signal, value, blocks(SIGTRAP));
}

static void send(int value) { CHECK(sigqueue(getpid(), SIGTRAP, (union sigval){.sival_int = value}) == 0); }

int main(void) {
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO}, found;
  const struct timespec second = {.tv_sec = 1};
  sigset_t all, none, before, waiting;
  sigfillset(&all);
  sigemptyset(&none);
  handle(SIGTRAP, on_trap, 0);
  send(1);
  work();
  CHECK(sigprocmask(SIG_SETMASK, &all, &before) == 0 && !sigismember(&before, SIGTRAP));
  work();
  send(2);
  work();
  CHECK(sigpending(&waiting) == 0);
  printf("blocked %d, pending %d, handled %d\n", blocks(SIGTRAP), sigismember(&waiting, SIGTRAP), handled);
  CHECK(ppoll(NULL, 0, &second, &none) == -1 && handled == 2);
  pid_t child = fork();
  if (child == 0) {
    usleep(2000);
    CHECK(sigqueue(getppid(), SIGTRAP, (union sigval){.sival_int = 3}) == 0);
    _exit(blocks(SIGTRAP));
  }
  CHECK(sigsuspend(&none) == -1 && handled == 3);
  int status;
  CHECK(wait(&status) == child && WEXITSTATUS(status) == 1);
  send(4);
  CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0 && handled == 4);

  signal(SIGTRAP, SIG_IGN);
  work();
  send(5);
  CHECK(sigaction(SIGTRAP, NULL, &found) == 0);
  printf("ignored %d\n", found.sa_handler == SIG_IGN);
  sigfillset(&action.sa_mask);
  CHECK(sigaction(SIGTRAP, &action, &found) == 0 && found.sa_handler == SIG_IGN);
  CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && raise(SIGUSR1) == 0);
  __asm__ volatile("int3");
  __asm__ volatile(".byte 0xcd, 3"); /* the same in two bytes */
  CHECK(sigaction(SIGTRAP, NULL, &found) == 0 && found.sa_sigaction == on_trap);

  succeed();
  fflush(stdout);
  CHECK(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
  __asm__ volatile("int3"); /* one that can't be taken kills, handler or not */
  return 0;
}
