/* A process forks while another thread holds a lock: in the child nobody will ever give it back. */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile int log_lines;

static void *logs(void *unused) {
  for (int i = 0; i < 50; i++) {
    pthread_mutex_lock(&lock); /* 2 */
    log_lines = log_lines + 1; /* 2 */
    pthread_mutex_unlock(&lock);
  }
  return unused;
}

int main(void) {
  pthread_t logger;
  pthread_create(&logger, NULL, logs, NULL);
  pid_t child = fork(); /* 1 */
  if (child == 0) {
    if (pthread_mutex_trylock(&lock) != 0) _exit(1);
    pthread_mutex_unlock(&lock);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  pthread_join(logger, NULL);
  if (status == 0) return 0;
  fprintf(stderr, "the child was born with a lock that nobody holds\n");
  return 1;
}
