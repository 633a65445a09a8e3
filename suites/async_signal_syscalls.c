/* Two threads make system calls in a loop while a third sends them signals, and a timer adds its own: a
 * signal may come before, in, and after any call, or in another's handler. One that is pending already is
 * not queued, so how many arrive, and where, differs from run to run; the counts and a hash of all places
 * are printed. */
#include "tickproof.h"
#include <sched.h>

enum { WORKERS = 2, WANTED = 300 };

static struct worker {
  pthread_t thread;
  volatile uint64_t turns, places;
  volatile unsigned sent, timed;
} workers[WORKERS];
static __thread struct worker *self;
static volatile int working = WORKERS;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (!self) return; /* the timer's signal may reach a thread that is no worker */
  if (signal == SIGALRM)
    self->timed++;
  else
    self->sent++;
  self->places = mix(self->places, self->turns << 8 | (unsigned)(signal + info->si_code));
}

static void *work(void *argument) {
  int ends[2];
  char byte = 'x';
  self = argument;
  CHECK(pipe(ends) == 0);
  while (self->sent < WANTED) {
    self->turns++;
    CHECK(syscall(SYS_gettid) > 0);
    CHECK(write(ends[1], &byte, 1) == 1 && read(ends[0], &byte, 1) == 1 && byte == 'x');
  }
  __atomic_sub_fetch(&working, 1, __ATOMIC_SEQ_CST);
  while (working >= 0) sched_yield(); /* it stays alive for as long as signals are sent */
  return NULL;
}

int main(void) {
  struct itimerval period = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}}, off = {0};
  const struct timespec breath = {.tv_nsec = 200000};
  handle(SIGUSR1, on_signal, SA_RESTART);
  handle(SIGSTKFLT, on_signal, SA_RESTART);
  handle(SIGALRM, on_signal, SA_RESTART);
  for (int i = 0; i < WORKERS; i++) CHECK(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
  CHECK(setitimer(ITIMER_REAL, &period, NULL) == 0);
  for (unsigned n = 0; working > 0; n++) {
    CHECK(pthread_kill(workers[n % WORKERS].thread, n % 3 ? SIGUSR1 : SIGSTKFLT) == 0);
    if (n % WORKERS == 0) nanosleep(&breath, NULL);
  }
  working = -1;
  CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
  for (int i = 0; i < WORKERS; i++) {
    CHECK(pthread_join(workers[i].thread, NULL) == 0);
    printf("worker %d: %u sent, %u timed, %lu turns, places %016lx\n", i, workers[i].sent, workers[i].timed,
           workers[i].turns, workers[i].places);
  }
  return succeed();
}
