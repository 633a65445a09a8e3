/* Threads under a lock, signals with a handler, a fork, and a fault at the end: what a debugger goes through. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int handled;
static int total;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begun;

static void handler(int signal) {
  (void)signal;
  handled++;
}

static __attribute__((noinline)) int fib(int n) {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static void *work(void *argument) {
  pthread_barrier_wait(&begun);
  for (int i = 0; i < 3; i++) {
    pthread_mutex_lock(&lock);
    total += fib(4) + *(int *)argument;
    pthread_mutex_unlock(&lock);
  }
  return NULL;
}

static __attribute__((noinline)) void fail(int *at) {
  *at = total;
}

int main(void) {
  pthread_t threads[2];
  int arguments[2] = {1, 2};
  signal(SIGUSR1, handler);
  pthread_barrier_init(&begun, NULL, 3);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, &arguments[i]);
  pthread_barrier_wait(&begun);
  for (int i = 0; i < 2; i++) {
    kill(getpid(), SIGUSR1);
    printf("line %d: %d\n", i, fib(5));
    fflush(stdout);
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  pid_t child = fork();
  if (child == 0) _exit(fib(3));
  int status = 0;
  waitpid(child, &status, 0);
  printf("total %d, child %d, handled %d\n", total, WEXITSTATUS(status), handled);
  fflush(stdout);
  fail((int *)(long)(total == 0));
  return 0;
}
