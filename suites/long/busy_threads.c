/*
 * Threads that are busy for a while, with a timer each and now and then a system call: what a long recording is made of.
 * Takes how long they are busy at least, in seconds, and how many they are.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MOST 32

static volatile uint64_t ticks[MOST];
static volatile int over;
static double seconds;

static void on_timer(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  ticks[info->si_value.sival_int]++;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec * 1e-9;
}

static void *busy(void *argument) {
  intptr_t self = (intptr_t)argument;
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN, .sigev_value.sival_int = self};
  event._sigev_un._tid = syscall(SYS_gettid);
  struct itimerspec interval = {{0, 1000000}, {0, 1000000}};
  timer_t timer;
  if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &interval, 0)) exit(9);
  uint32_t state = self + 1, odd = 0;
  for (uint64_t turn = 0; !over; turn++) {
    state = state * 1664525 + 1013904223;
    if (state & 0x10000) odd++;
    if (turn % 100000 == 0) getppid();
  }
  timer_delete(timer);
  return (void *)(uintptr_t)odd;
}

/* Whether each thread's timer has expired: on a busy machine that takes its time. */
static int all_had_ticks(int count) {
  for (int i = 0; i < count; i++)
    if (ticks[i] < 2) return 0;
  return 1;
}

int main(int argc, char **argv) {
  seconds = argc > 1 ? atof(argv[1]) : 1;
  int count = argc > 2 ? atoi(argv[2]) : 5;
  if (count > MOST) return 2;
  struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_RESTART};
  sigaction(SIGRTMIN, &action, 0);
  pthread_t threads[MOST];
  double end = now() + seconds;
  for (intptr_t i = 0; i < count; i++) pthread_create(&threads[i], 0, busy, (void *)i);
  while (now() < end || !all_had_ticks(count)) usleep(10000);
  over = 1;
  for (int i = 0; i < count; i++) {
    void *odd;
    pthread_join(threads[i], &odd);
    printf("thread %d: %lu odd, %lu ticks of its timer\n", i, (unsigned long)odd, (unsigned long)ticks[i]);
  }
  return 0;
}
