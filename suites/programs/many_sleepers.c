/*
 * Many tasks sleep in system calls of several kinds. What wakes them writes memory, which the one that has woken them looks at
 * in the next moment: natively it may find anything, and what it has found is to come again.
 */
#include "../tickproof.h"
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/sem.h>

enum { MANY = 24, TURNS = 20, KINDS = 3 };

static int pipes[MANY][2];
static volatile int got[MANY];
static int word, semaphores;
static atomic_int woken;

static void *reads(void *which) {
  const long i = (long)which;
  while (read(pipes[i][0], (void *)&got[i], sizeof(int)) == sizeof(int) && got[i] >= 0) {}
  return NULL;
}

static void *waits(void *unused) {
  (void)unused;
  while (syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0) != 0 && word == 0) {}
  woken++;
  return NULL;
}

static void *takes(void *unused) {
  (void)unused;
  struct sembuf down = {.sem_op = -1};
  CHECK(semop(semaphores, &down, 1) == 0);
  woken++;
  return NULL;
}

int main(void) {
  void *(*const kinds[KINDS])(void *) = {reads, waits, takes};
  pthread_t tasks[KINDS][MANY];
  semaphores = semget(IPC_PRIVATE, 1, 0600);
  CHECK(semaphores >= 0);
  for (long i = 0; i < MANY; i++) {
    CHECK(pipe(pipes[i]) == 0);
    for (int kind = 0; kind < KINDS; kind++)
      CHECK(pthread_create(&tasks[kind][i], NULL, kinds[kind], (void *)i) == 0);
  }
  uint64_t hash = 0;
  for (int turn = 1; turn <= TURNS; turn++) {
    for (int i = 0; i < MANY; i++) {
      CHECK(write(pipes[i][1], &turn, sizeof(turn)) == sizeof(turn));
      hash = mix(hash, (uint64_t)got[i]);
      hash = mix(hash, (uint64_t)got[i * 7 % MANY]);
    }
  }
  struct sembuf up = {.sem_op = 1};
  for (int i = 0; i < MANY; i++) {
    syscall(SYS_futex, &word, FUTEX_WAKE, 1, NULL, NULL, 0);
    hash = mix(hash, (uint64_t)woken);
    CHECK(semop(semaphores, &up, 1) == 0);
    hash = mix(hash, (uint64_t)woken);
  }
  word = 1;
  syscall(SYS_futex, &word, FUTEX_WAKE, MANY, NULL, NULL, 0);
  for (int i = 0, end = -1; i < MANY; i++) CHECK(write(pipes[i][1], &end, sizeof(end)) == sizeof(end));
  for (int kind = 0; kind < KINDS; kind++)
    for (int i = 0; i < MANY; i++) CHECK(pthread_join(tasks[kind][i], NULL) == 0);
  CHECK(woken == 2 * MANY && semctl(semaphores, 0, IPC_RMID) == 0);
  CHECK(hash != 0); /* a replay has the same one in its registers, at each call */
  return succeed();
}
