/* Processes that talk through pipes, are waited for, replace themselves, and are killed. */
#include "../tickproof.h"
#include <sys/wait.h>

static volatile sig_atomic_t deaths;

static void on_death(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  deaths++;
}

static int ended(pid_t pid) {
  int status;
  pid_t found;
  do found = waitpid(pid, &status, 0);
  while (found < 0);
  CHECK(found == pid);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void) {
  int ends[2];
  char line[64] = "";
  handle(SIGCHLD, on_death, SA_RESTART);
  CHECK(pipe(ends) == 0);
  for (int i = 0; i < 4; i++) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
      dprintf(ends[1], "child %d\n", i);
      _exit(i);
    }
    CHECK(read(ends[0], line, sizeof(line) - 1) == 8);
    fputs(line, stdout);
    CHECK(ended(pid) == i);
  }
  fflush(stdout);
  pid_t pid = vfork();
  if (pid == 0) {
    execl("/bin/sh", "sh", "-c", "echo replaced; exit 7", (char *)NULL);
    _exit(127);
  }
  CHECK(ended(pid) == 7);
  pid = fork();
  if (pid == 0)
    for (;;) pause();
  CHECK(kill(pid, SIGTERM) == 0 && ended(pid) == -SIGTERM);
  printf("deaths heard of: %d\n", (int)deaths);
  CHECK(deaths > 0);
  return succeed();
}
