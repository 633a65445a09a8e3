/* Children that are stopped and go on, in a loop, in a call, and by themselves; their parent hears of it. */
#include "../tickproof.h"
#include <sys/wait.h>

static volatile int continued, children;

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)info;
  (void)context;
  if (signal == SIGCONT) continued++;
  else children++;
}

static void child(int way, int ready) {
  const struct timespec long_time = {.tv_sec = 60};
  volatile uint64_t turns = 0;
  handle(SIGCONT, on_signal, SA_RESTART);
  CHECK(setpgid(0, 0) == 0); // SIGTSTP stops nothing in a process group that is orphaned, as this one may be
  CHECK(write(ready, "r", 1) == 1);
  if (way == 0)
    while (!continued) turns++;
  if (way == 1) pause();
  if (way == 2) nanosleep(&long_time, NULL);
  if (way == 3) raise(SIGSTOP);
  CHECK(continued == 1);
  _exit(way);
}

/* Whether a child waits in the kernel: its state is S. */
static int waits(pid_t pid) {
  char path[32], text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", pid);
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(text, sizeof(text), file) && fclose(file) == 0);
  return strrchr(text, ')')[2] == 'S';
}

int main(void) {
  int status, ends[2];
  char byte;
  handle(SIGCHLD, on_signal, SA_RESTART);
  CHECK(pipe(ends) == 0);
  for (int way = 0; way < 4; way++) {
    pid_t pid = fork();
    if (pid == 0) child(way, ends[1]);
    CHECK(read(ends[0], &byte, 1) == 1);
    while ((way == 1 || way == 2) && !waits(pid)) usleep(500);
    if (way < 3) CHECK(kill(pid, way == 1 ? SIGTSTP : SIGSTOP) == 0);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    printf("stopped by %d\n", WSTOPSIG(status));
    usleep(1000);
    CHECK(waitpid(pid, &status, WNOHANG | WUNTRACED) == 0 && kill(pid, SIGCONT) == 0);
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == way);
  }
  pid_t pid = fork();
  if (pid == 0)
    for (;;) raise(SIGSTOP);
  CHECK(waitpid(pid, &status, WUNTRACED) == pid && kill(pid, SIGKILL) == 0);
  CHECK(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGKILL && children > 0);
  return succeed();
}
