/* Mutexes that lend priority, between threads and between processes; one whose owner dies with it. */
#include "../tickproof.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { THREADS = 3, ROUNDS = 300 };

struct shared {
  pthread_mutex_t mutex;
  uint64_t count, twin;
};

static void make(struct shared *shared) {
  pthread_mutexattr_t attributes;
  CHECK(pthread_mutexattr_init(&attributes) == 0);
  CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
  CHECK(pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED) == 0);
  CHECK(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST) == 0);
  CHECK(pthread_mutex_init(&shared->mutex, &attributes) == 0);
}

static void *count(void *of) {
  struct shared *shared = of;
  for (int i = 0; i < ROUNDS; i++) {
    CHECK(pthread_mutex_lock(&shared->mutex) == 0);
    CHECK(shared->count == shared->twin);
    shared->count++;
    if (i % 16 == 0) sched_yield();
    shared->twin++;
    CHECK(pthread_mutex_unlock(&shared->mutex) == 0);
  }
  return NULL;
}

int main(void) {
  struct shared *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  make(shared);
  const pid_t child = fork();
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, count, shared) == 0);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  if (child == 0) _exit(0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(shared->count == 2 * THREADS * ROUNDS);

  const pid_t dying = fork();
  if (dying == 0) {
    CHECK(pthread_mutex_lock(&shared->mutex) == 0);
    _exit(0);
  }
  CHECK(waitpid(dying, &status, 0) == dying && status == 0);
  CHECK(pthread_mutex_lock(&shared->mutex) == EOWNERDEAD);
  CHECK(pthread_mutex_consistent(&shared->mutex) == 0 && pthread_mutex_unlock(&shared->mutex) == 0);
  CHECK(pthread_mutex_trylock(&shared->mutex) == 0 && pthread_mutex_unlock(&shared->mutex) == 0);
  return succeed();
}
