/* Timers that call a function in a thread, or signal one thread; clocks of processor time of threads and
 * processes. */
#include "../tickproof.h"

#include <errno.h>
#include <semaphore.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static sem_t called;
static _Thread_local int mine;
static volatile sig_atomic_t where = -1;

static void call(union sigval value) {
  CHECK(value.sival_int == 11);
  CHECK(sem_post(&called) == 0);
}
static void note(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  CHECK(info->si_code == SI_TIMER);
  where = mine;
}

static void *wait_for_signal(void *tid) {
  mine = 1;
  *(volatile pid_t *)tid = (pid_t)syscall(SYS_gettid);
  while (where < 0) sched_yield();
  return NULL;
}

int main(void) {
  CHECK(sem_init(&called, 0, 0) == 0);
  timer_t timer;
  struct sigevent event = {
      .sigev_notify = SIGEV_THREAD, .sigev_notify_function = call, .sigev_value.sival_int = 11};
  CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
  const struct itimerspec every = {{0, 500000}, {0, 500000}};
  CHECK(timer_settime(timer, 0, &every, NULL) == 0);
  for (int i = 0; i < 5; i++)
    while (sem_wait(&called) != 0) CHECK(errno == EINTR);
  CHECK(timer_delete(timer) == 0);

  handle(SIGRTMIN, note, 0);
  pthread_t thread;
  volatile pid_t tid = 0;
  CHECK(pthread_create(&thread, NULL, wait_for_signal, (void *)&tid) == 0);
  while (!tid) sched_yield();
  struct sigevent one = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
  one.sigev_notify_thread_id = tid;
  clockid_t clock;
  CHECK(clock_getcpuclockid(0, &clock) == 0 && timer_create(clock, &one, &timer) == 0);
  const struct itimerspec once = {{0, 0}, {0, 1000000}};
  CHECK(timer_settime(timer, 0, &once, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0 && where == 1);
  struct timespec process, own;
  CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &process) == 0 &&
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &own) == 0);
  CHECK(process.tv_sec * 1000000000 + process.tv_nsec >= own.tv_sec * 1000000000 + own.tv_nsec);
  CHECK(timer_gettime((timer_t)77, (struct itimerspec *)&every) < 0 && errno == EINVAL);
  return succeed();
}
