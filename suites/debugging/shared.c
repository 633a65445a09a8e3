/*
 * Processes that share memory by a file, by a segment and without a name; private pages of a file that changes; a child
 * that lives in its parent's memory; threads meanwhile; and stretches of work without any system call.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096, ROUNDS = 4 };

static volatile unsigned local;
static __thread unsigned mine;

static void fail(const char *what) {
  perror(what);
  exit(2);
}

static __attribute__((noinline)) unsigned churn(unsigned seed, int rounds) {
  for (int i = 0; i < rounds; i++) seed = seed & 1 ? seed * 1664525u + 1013904223u : (seed >> 1) ^ 0x5bd1e995u;
  return seed;
}

static void *work(void *argument) {
  for (int i = 0; i < ROUNDS; i++) {
    mine = churn(mine + *(unsigned *)argument, 3000);
    local += mine;
    sched_yield();
  }
  return NULL;
}

static int borrow(void *argument) {
  *(volatile unsigned *)argument += churn(7, 500);
  return 5;
}

static char stack[64 * 1024];

int main(void) {
  char path[] = "/tmp/tickproof-shared-XXXXXX";
  int file = mkstemp(path);
  if (file < 0 || ftruncate(file, 2 * PAGE) != 0) fail("file");
  unlink(path);
  int segment = shmget(IPC_PRIVATE, PAGE, IPC_CREAT | 0600);
  if (segment < 0) fail("shmget");
  volatile unsigned *attached = shmat(segment, NULL, 0);
  shmctl(segment, IPC_RMID, NULL);
  volatile unsigned *mapped = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  volatile unsigned *nameless = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  volatile unsigned *private = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
  if (mapped == MAP_FAILED || nameless == MAP_FAILED || private == MAP_FAILED) fail("mmap");
  private[PAGE / 4] = 1;

  int turn[2], back[2];
  if (pipe(turn) != 0 || pipe(back) != 0) fail("pipe");
  pid_t child = fork();
  for (int i = 0; i < ROUNDS && child == 0; i++) {
    char byte;
    if (read(turn[0], &byte, 1) != 1) _exit(3);
    attached[i] = churn(attached[0] + i, 2000);
    nameless[i] += attached[i];
    mapped[i] = nameless[i] ^ 1;
    if (write(back[1], &byte, 1) != 1) _exit(3);
  }
  if (child == 0) _exit(0);

  pthread_t threads[2];
  unsigned arguments[2] = {1, 2};
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, &arguments[i]);
  unsigned sum = 0;
  for (int i = 0; i < ROUNDS; i++) {
    attached[0] = churn(sum + i, 40000);
    nameless[i] = attached[0];
    char byte = 'x';
    if (write(turn[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) fail("turn");
    sum += mapped[i] + private[i];
    char line[32];
    if (write(1, line, snprintf(line, sizeof line, "round %d\n", i)) < 0) fail("write");
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  int status;
  waitpid(child, &status, 0);
  pid_t borrower = clone(borrow, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &sum);
  waitpid(borrower, &status, 0);
  if (ftruncate(file, PAGE) != 0) fail("ftruncate");
  sum = churn(sum, 40000);
  printf("sum %u, local %u, private %u, %d\n", sum, local, private[0], WEXITSTATUS(status));
  return 0;
}
