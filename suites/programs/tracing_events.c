/* A tracer that follows what its tracee makes: processes, threads, programs, ends. Each task's story is printed by itself, in
 * the order of births, since they go on side by side. */
#include "../tracer.h"
#include <sched.h>

enum { TASKS = 16, LINES = 32 };

static struct {
  pid_t id;
  int count;
  char lines[LINES][80];
} tasks[TASKS];
static int known;

static int index_of(pid_t id) {
  for (int i = 0; i < known; i++)
    if (tasks[i].id == id) return i;
  CHECK(known < TASKS);
  tasks[known].id = id;
  return known++;
}

static void *ends(void *unused) {
  syscall(SYS_gettid);
  return unused;
}

static void makes_tasks(void) {
  int status;
  const pid_t first = fork();
  if (first == 0) _exit(5);
  CHECK(waitpid(first, &status, 0) == first);
  const pid_t second = vfork();
  if (second == 0) _exit(6);
  CHECK(waitpid(second, &status, 0) == second);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, ends, NULL) == 0 && pthread_join(thread, NULL) == 0);
  const pid_t third = fork();
  if (third == 0) raise(SIGKILL);
  CHECK(waitpid(third, &status, 0) == third);
  const pid_t fourth = fork();
  if (fourth == 0) abort();
  CHECK(waitpid(fourth, &status, 0) == fourth);
  execl("/bin/true", "true", NULL);
}

/* Follows until nobody is left. */
static void follow(pid_t first, int request) {
  known = 0;
  memset(tasks, 0, sizeof(tasks));
  index_of(first);
  CHECK(ptrace(request, first, NULL, NULL) == 0);
  for (;;) {
    int status;
    const pid_t task = waitpid(-1, &status, __WALL);
    if (task < 0) break;
    const int at = index_of(task);
    CHECK(tasks[at].count < LINES);
    char *line = tasks[at].lines[tasks[at].count++];
    if (!WIFSTOPPED(status)) {
      sprintf(line, "ended %x", status & ~0x80);
      continue;
    }
    const int signal = WSTOPSIG(status), event = status >> 16;
    unsigned long message = 0;
    CHECK(ptrace(PTRACE_GETEVENTMSG, task, NULL, &message) == 0);
    if (event >= PTRACE_EVENT_FORK && event <= PTRACE_EVENT_CLONE) message = index_of(message);
    if (event == PTRACE_EVENT_VFORK_DONE) message = index_of(message);
    if (event == PTRACE_EVENT_EXEC) message = message == (unsigned long)task;
    sprintf(line, "stop %x, message %lx", status, event == PTRACE_EVENT_EXIT ? message & ~0x80UL : message);
    const int isOwn = event != 0 || signal == SIGTRAP || signal == SIGSTOP;
    // Nothing is told of children's ends in which order, nor of SIGKILL for certain.
    if (signal == SIGCHLD || (event == PTRACE_EVENT_EXIT && message == SIGKILL)) tasks[at].count--;
    if (ptrace(request, task, NULL, (void *)(long)(isOwn ? 0 : signal)) < 0) CHECK(errno == ESRCH);
  }
  CHECK(errno == ECHILD);
  for (int i = 0; i < known; i++) {
    printf("task %d:\n", i);
    for (int n = 0; n < tasks[i].count; n++) printf("  %s\n", tasks[i].lines[n]);
  }
}

int main(void) {
  const long all = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORKDONE |
                   PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT;
  pid_t child = traced(makes_tasks);
  CHECK(ptrace(PTRACE_SETOPTIONS, child, NULL, all) == 0);
  follow(child, PTRACE_CONT);
  // No options: an execve sends a SIGTRAP, and children are not followed.
  child = traced(makes_tasks);
  follow(child, PTRACE_CONT);
  // Seized ones are followed without a SIGSTOP.
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  child = fork();
  if (child == 0) {
    CHECK(read(ends[0], &byte, 1) == 1);
    makes_tasks();
  }
  CHECK(ptrace(PTRACE_SEIZE, child, NULL, all) == 0 && ptrace(PTRACE_INTERRUPT, child, NULL, NULL) == 0);
  CHECK(status_of(child) == (PTRACE_EVENT_STOP << 16 | SIGTRAP << 8 | 0x7f));
  CHECK(write(ends[1], "x", 1) == 1);
  follow(child, PTRACE_CONT);
  return succeed();
}
