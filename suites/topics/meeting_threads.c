/* Barriers, read-write locks, conditions with a time, semaphores and once: threads that meet again and again.
 */
#include "../tickproof.h"

#include <errno.h>
#include <semaphore.h>

enum { THREADS = 4, ROUNDS = 50 };

static pthread_barrier_t barrier;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static sem_t semaphore;
static int begun, serial, arrived;
static uint64_t value;

static void begin(void) { begun++; }

static void *meet(void *unused) {
  (void)unused;
  CHECK(pthread_once(&once, begin) == 0);
  for (int round = 0; round < ROUNDS; round++) {
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD) serial++;
    CHECK(pthread_rwlock_rdlock(&lock) == 0);
    CHECK(value <= (uint64_t)THREADS * ROUNDS);
    CHECK(pthread_rwlock_unlock(&lock) == 0);
    CHECK(pthread_rwlock_wrlock(&lock) == 0);
    value++;
    CHECK(pthread_rwlock_unlock(&lock) == 0);
  }
  CHECK(pthread_mutex_lock(&mutex) == 0);
  if (++arrived == THREADS) CHECK(pthread_cond_broadcast(&condition) == 0);
  while (arrived < THREADS) CHECK(pthread_cond_wait(&condition, &mutex) == 0);
  CHECK(pthread_mutex_unlock(&mutex) == 0);
  CHECK(sem_post(&semaphore) == 0);
  return NULL;
}

int main(void) {
  CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0 && sem_init(&semaphore, 0, 0) == 0);
  pthread_t threads[THREADS];
  for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, meet, NULL) == 0);
  for (int i = 0; i < THREADS; i++) CHECK(sem_wait(&semaphore) == 0);
  for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  CHECK(begun == 1 && serial == ROUNDS && value == THREADS * ROUNDS);
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  CHECK(pthread_mutex_lock(&mutex) == 0);
  CHECK(pthread_cond_timedwait(&condition, &mutex, &end) == ETIMEDOUT);
  CHECK(sem_timedwait(&semaphore, &end) < 0 && errno == ETIMEDOUT);
  CHECK(sem_trywait(&semaphore) < 0 && errno == EAGAIN);
  return succeed();
}
