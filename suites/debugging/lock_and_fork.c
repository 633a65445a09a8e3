/* A process forks while its other thread is in a critical section: pipes see to it that it is so in every run. */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int inside[2], forked[2];

static void *holds(void *unused) {
  char byte = 'x';
  pthread_mutex_lock(&lock);
  if (write(inside[1], &byte, 1) != 1 || read(forked[0], &byte, 1) != 1) _exit(2);
  pthread_mutex_unlock(&lock);
  return unused;
}

int main(void) {
  pthread_t holder;
  char byte;
  int status;
  if (pipe(inside) != 0 || pipe(forked) != 0) return 2;
  pthread_create(&holder, NULL, holds, NULL);
  if (read(inside[0], &byte, 1) != 1) return 2;
  pid_t child = fork();
  if (child == 0) _exit(pthread_mutex_trylock(&lock) != 0);
  if (write(forked[1], &byte, 1) != 1) return 2;
  pthread_join(holder, NULL);
  waitpid(child, &status, 0);
  puts(status == 0 ? "free" : "held");
  return 0;
}
