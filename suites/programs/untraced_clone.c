/* clone with CLONE_UNTRACED and CLONE_PTRACE: the program's children are what they are without a tracer. */
#include "../tickproof.h"

#include <errno.h>
#include <sched.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

static volatile int done;

static int child(void *argument) {
  for (volatile int i = 0; i < 1000; i++);
  done = *(int *)argument;
  return 7;
}

int main(void) {
  static const int FLAGS[] = {
    CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_UNTRACED | SIGCHLD,
    CLONE_UNTRACED | SIGCHLD,
    CLONE_VM | CLONE_VFORK | CLONE_UNTRACED | SIGCHLD,
    CLONE_VM | CLONE_PTRACE | SIGCHLD,
    CLONE_VM | CLONE_UNTRACED, /* it ends without a signal */
  };
  const size_t size = 65536;
  char *stack = malloc(size);
  CHECK(stack);
  for (int i = 0; i < (int)(sizeof(FLAGS) / sizeof(FLAGS[0])); i++) {
    int status, argument = i + 1;
    done = 0;
    const pid_t pid = clone(child, stack + size, FLAGS[i], &argument);
    CHECK(pid > 0 && waitpid(pid, &status, __WALL) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(done == (FLAGS[i] & CLONE_VM ? i + 1 : 0));
    printf("child %d has done %d\n", i, done);
  }
  return succeed();
}
