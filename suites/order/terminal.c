/*
 * Runs a command on a terminal of its own and copies to its standard output what the terminal shows. Ends as the
 * command ended. With SLOWLY in the environment it begins to read late, so that writers find the terminal full.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) || unlockpt(terminal)) {
    perror("no terminal can be made");
    return 3;
  }
  pid_t child = fork();
  if (child == 0) {
    setsid();
    int side = open(ptsname(terminal), O_RDWR);
    if (side < 0 || ioctl(side, TIOCSCTTY, 0)) _exit(126);
    for (int fd = 0; fd < 3; fd++) dup2(side, fd);
    if (side > 2) close(side);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  if (getenv("SLOWLY")) usleep(300000);
  char buffer[4096];
  for (;;) {
    ssize_t got = read(terminal, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    /* EIO: nobody has the other side open any more. */
    if (got <= 0) break;
    for (ssize_t done = 0; done < got;) {
      ssize_t more = write(1, buffer + done, got - done);
      if (more < 0) return 4;
      done += more;
    }
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
