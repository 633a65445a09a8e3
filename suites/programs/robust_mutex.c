/* Mutexes whose owners die: threads that end, processes that exit or are killed. The kernel marks them in memory
 * that others go on to use. */
#include "../tickproof.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { MUTEXES = 8 };

static struct shared {
  pthread_mutex_t mutexes[MUTEXES];
  volatile int taken;
} *shared;

static void *die_with(void *argument) {
  long count = (long)argument;
  for (long i = 0; i < count; i++) CHECK(pthread_mutex_lock(&shared->mutexes[i]) == 0);
  shared->taken++;
  return NULL;
}

static void inherit(const char *from, int count) {
  for (int i = 0; i < count; i++) {
    pthread_mutex_t *mutex = &shared->mutexes[i];
    CHECK(pthread_mutex_lock(mutex) == EOWNERDEAD);
    CHECK(pthread_mutex_consistent(mutex) == 0 && pthread_mutex_unlock(mutex) == 0);
  }
  printf("%d of a %s\n", count, from);
  fflush(stdout);
}

int main(void) {
  pthread_mutexattr_t attributes;
  pthread_t thread;
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED && pthread_mutexattr_init(&attributes) == 0);
  CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
  CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
  for (int i = 0; i < MUTEXES; i++) CHECK(pthread_mutex_init(&shared->mutexes[i], &attributes) == 0);

  for (long count = 1; count <= MUTEXES; count *= 2) {
    CHECK(pthread_create(&thread, NULL, die_with, (void *)count) == 0 && pthread_join(thread, NULL) == 0);
    inherit("thread", (int)count);
  }
  shared->taken = 0;
  if (fork() == 0) {
    die_with((void *)2);
    usleep(2000);
    _exit(0);
  }
  while (!shared->taken) usleep(100);
  inherit("process that exits", 2);
  shared->taken = 0;
  if (fork() == 0) {
    die_with((void *)3);
    kill(getpid(), SIGKILL);
  }
  while (!shared->taken) usleep(100);
  inherit("process that is killed", 3);
  CHECK(wait(NULL) > 0 && wait(NULL) > 0);
  return succeed();
}
