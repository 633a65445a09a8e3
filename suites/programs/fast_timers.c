/*
 * Timers that expire faster than a signal can be recorded: the program still gets on, in loops, in system calls that
 * do not sleep, and in those that do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t alarms, timers;

static void on_alarm(int signal) {
  (void)signal;
  alarms++;
}

static void on_timer(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  if (info->si_code != SI_TIMER || info->si_value.sival_int != 42) _exit(3);
  timers++;
}

int main(void) {
  struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
  sigaction(SIGALRM, &action, 0);
  action.sa_sigaction = on_timer;
  action.sa_flags = SA_RESTART | SA_SIGINFO;
  sigaction(SIGRTMIN, &action, 0);
  struct itimerval often = {{0, 20}, {0, 20}}, never = {{0, 0}, {0, 0}};
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = 42};
  struct itimerspec as_often = {{0, 20000}, {0, 20000}};
  timer_t timer;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &as_often, 0)) return 1;
  setitimer(ITIMER_REAL, &often, 0);
  unsigned sum = 0;
  for (volatile int i = 0; i < 3000000; i++) sum += i;
  for (int i = 0; i < 1000; i++) sum += getppid() > 0;
  int ends[2];
  if (pipe(ends)) return 1;
  pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < 50; i++)
      if (write(ends[1], "x", 1) != 1) _exit(1);
    _exit(0);
  }
  for (int i = 0; i < 50; i++) {
    char byte;
    if (read(ends[0], &byte, 1) != 1 || byte != 'x') return 1;
  }
  /* A wait is broken off, not overslept: each of these ends by a signal. */
  for (int i = 0; i < 50; i++)
    if (pause() != -1 || errno != EINTR) return 1;
  int status = 1;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR);
  setitimer(ITIMER_REAL, &never, 0);
  timer_delete(timer);
  if (status != 0 || alarms < 50 || timers < 50) return 1;
  printf("EXIT-SUCCESS %u\n", sum);
  return 0;
}
