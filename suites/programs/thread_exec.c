/* execve in a process with threads, by any of them, also with nothing to execute: the others go only if it
 * succeeds, and the one that stays is the leader. */
#include "../tickproof.h"
#include <errno.h>
#include <sys/wait.h>

static volatile uint64_t turns;
static char *next_step;

static void *busy(void *argument) {
  if (argument)
    for (;;) turns++;
  for (;;) pause();
  return NULL;
}

static void *replace(void *argument) {
  (void)argument;
  for (int i = 0; i < 3; i++) CHECK(execl("/no/such/program", "none", (char *)NULL) == -1 && errno == ENOENT);
  CHECK(gettid() != getpid());
  execl("/proc/self/exe", "again", next_step, (char *)NULL);
  return NULL;
}

int main(int count, char **arguments) {
  static char *const steps[] = {"thread", "leader", "end"};
  pthread_t thread;
  int step = 0;
  if (count == 1) {
    int status;
    pid_t child = fork();
    if (child == 0) execl("/proc/self/exe", "first", steps[0], (char *)NULL);
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 42);
    return succeed();
  }
  while (strcmp(arguments[1], steps[step]) != 0) step++;
  CHECK(gettid() == getpid());
  printf("step %s\n", steps[step]);
  fflush(stdout);
  if (step == 2) return 42;
  next_step = steps[step + 1];
  for (long i = 0; i < 2; i++) CHECK(pthread_create(&thread, NULL, busy, (void *)i) == 0);
  usleep(2000);
  if (step == 1) execl("/proc/self/exe", "again", next_step, (char *)NULL);
  CHECK(pthread_create(&thread, NULL, replace, NULL) == 0);
  for (;;) turns++;
}
