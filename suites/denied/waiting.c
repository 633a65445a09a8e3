/* Waits to open a FIFO for writing; meanwhile a thread puts a link to ../outside/file in its place, and breaks the
 * call off by a signal: "handled" by a handler that lets it start again, or "ignored". */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

static pthread_t opener;
static int signal_to_send;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
}

/* Whether the opener waits in the kernel: its state is S. */
static int waits(void) {
  char path[64], text[512];
  snprintf(path, sizeof(path), "/proc/self/task/%d/stat", getpid());
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(text, sizeof(text), file) && fclose(file) == 0);
  return strrchr(text, ')')[2] == 'S';
}

static void *replace(void *unused) {
  while (!waits()) sched_yield();
  CHECK(unlink("gate") == 0 && symlink("../outside/file", "gate") == 0);
  CHECK(pthread_kill(opener, signal_to_send) == 0);
  return unused;
}

int main(int argc, char **argv) {
  CHECK(argc == 2 && mkfifo("gate", 0600) == 0);
  const int handled = strcmp(argv[1], "handled") == 0;
  signal_to_send = handled ? SIGUSR1 : SIGWINCH;
  handle(SIGUSR1, on_signal, SA_RESTART);
  opener = pthread_self();
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, replace, NULL) == 0);
  const int fd = open("gate", O_WRONLY | O_TRUNC);
  printf("%s\n", fd >= 0 ? "opened" : errno == EACCES ? "EACCES" : strerror(errno));
  CHECK(pthread_join(thread, NULL) == 0);
  return succeed();
}
