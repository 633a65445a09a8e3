/* A child ends before its parent has written down that it is there: the handler of its end does not find it. */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile pid_t known;
static volatile int lost;

static void handler(int signal) {
  (void)signal;
  pid_t ended = waitpid(-1, NULL, WNOHANG);
  if (ended > 0 && ended != known) lost = 1; /* 2 */
  known = 0; /* 2 */
}

int main(void) {
  struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
  sigaction(SIGCHLD, &action, NULL);
  for (int i = 0; i < 5; i++) {
    pid_t child = fork();
    if (child == 0) _exit(0);
    known = child; /* 1 */
    while (known == child) usleep(100);
    if (lost) break;
  }
  if (lost) fprintf(stderr, "a child has ended that nobody knows\n");
  return lost;
}
