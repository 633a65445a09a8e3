/*
 * terminal COMMAND ARGS…: runs a command as a shell runs a job, at a terminal of its own. At each line "press X" of its output the
 * key Control-X is pressed. A job that stops gets its terminal back and goes on, as by fg. Prints what comes out of the terminal, and
 * at last how often the job has stopped, and the session; ends as the job does.
 */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

enum { CONTROL = 0x1f };

/* The session's leader: lets the job be in the foreground, and go on whenever it has stopped. */
static int lead(char **command) {
  int status, stops = 0;
  CHECK(signal(SIGTTOU, SIG_IGN) != SIG_ERR);
  const pid_t job = fork();
  CHECK(job >= 0);
  if (job == 0) {
    CHECK(setpgid(0, 0) == 0 && tcsetpgrp(0, getpid()) == 0);
    signal(SIGTTOU, SIG_DFL);
    execvp(command[0], command);
    _exit(127);
  }
  while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
    stops++;
    CHECK(tcsetpgrp(0, getpgrp()) == 0 && tcsetpgrp(0, job) == 0 && kill(-job, SIGCONT) == 0);
  }
  printf("stops: %d, session %d\n", stops, getpid());
  fflush(stdout);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int count, char **words) {
  CHECK(count > 1);
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  const char *name = ptsname(master);
  const pid_t leader = fork();
  CHECK(leader >= 0);
  if (leader == 0) {
    CHECK(setsid() > 0);
    const int terminal = open(name, O_RDWR);
    CHECK(terminal >= 0 && ioctl(terminal, TIOCSCTTY, 0) == 0);
    for (int fd = 0; fd < 3; fd++) CHECK(dup2(terminal, fd) == fd);
    close(terminal);
    close(master);
    exit(lead(words + 1));
  }
  char line[4096];
  size_t length = 0;
  /* EIO: nobody has the other side any more. */
  while (read(master, line + length, 1) == 1) {
    if (line[length++] != '\n' && length < sizeof(line) - 1) continue;
    line[length] = 0;
    char key;
    if (sscanf(line, "press %c", &key) == 1) {
      key &= CONTROL;
      CHECK(write(master, &key, 1) == 1);
    }
    CHECK(fwrite(line, 1, length, stdout) == length);
    length = 0;
  }
  int status;
  CHECK(waitpid(leader, &status, 0) == leader && WIFEXITED(status));
  return WEXITSTATUS(status);
}
