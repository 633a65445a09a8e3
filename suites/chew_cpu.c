/* A billion turns of a loop without one system call: whoever waits for a call to take the CPU away waits
 * for ever. A second thread wakes up every 20 ms and notes how far the loop has come, which shows that it
 * was preempted all the same; replay must preempt it at the same instructions to note the same. */
#include "tickproof.h"

enum { TURNS = 1000000000, SAMPLES_MIN = 3 };

static volatile int chewing = 1;
static unsigned samples;
static uint64_t places;

static void *watch(void *argument) {
  const struct timespec pause = {.tv_nsec = 20000000};
  const volatile unsigned *turns = argument;
  unsigned last = 0;
  while (chewing) {
    unsigned now = *turns;
    CHECK(now >= last);
    if (now > last && now < TURNS) samples++;
    places = mix(places, now);
    last = now;
    nanosleep(&pause, NULL);
  }
  return NULL;
}

int main(void) {
  volatile unsigned turns = 0;
  pthread_t watcher;
  CHECK(pthread_create(&watcher, NULL, watch, (void *)&turns) == 0);
  for (turns = 0; turns < TURNS; turns++) {
  }
  chewing = 0;
  CHECK(pthread_join(watcher, NULL) == 0);
  printf("turns %u, seen on the way %u times, places %016lx\n", turns, samples, places);
  CHECK(samples >= SAMPLES_MIN);
  return succeed();
}
