/* A read that a signal breaks off is taken for one that has failed. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static int ends[2];
static pthread_t reader;

static void handler(int signal) { (void)signal; }

static void *sends(void *unused) {
  pthread_kill(reader, SIGUSR1); /* 1 */
  if (write(ends[1], "x", 1) != 1) return NULL;
  return unused;
}

int main(void) {
  pthread_t sender;
  char byte;
  struct sigaction action = { .sa_handler = handler };
  sigaction(SIGUSR1, &action, NULL);
  if (pipe(ends) != 0) return 2;
  reader = pthread_self();
  pthread_create(&sender, NULL, sends, NULL);
  ssize_t count = read(ends[0], &byte, 1); /* 2 */
  pthread_join(sender, NULL);
  if (count == 1) return 0;
  perror("read");
  return 1;
}
