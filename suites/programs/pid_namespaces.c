/*
 * Namespaces of process ids: ids within them, what is told of these, and their ends, which take everybody along: by an exit, by
 * a signal, of a process with threads, of one within another.
 */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char stack[1 << 16] __attribute__((aligned(16)));
/* Shared with all: what they say comes out in order. */
static void say(const char *what, long a, long b) {
  char line[128];
  const int length = snprintf(line, sizeof(line), "%s: %ld %ld\n", what, a, b);
  CHECK(write(1, line, length) == length);
}

static pid_t in_namespace(int (*act)(void *)) {
  const pid_t child = clone(act, stack + sizeof(stack), CLONE_NEWPID | SIGCHLD, NULL);
  CHECK(child > 0);
  return child;
}

static void ended(const char *what, pid_t child) {
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  say(what, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status), 0);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)context;
  say("signal", signal, info->si_pid);
}

static int ids(void *unused) {
  (void)unused;
  say("ids", getpid(), getppid());
  say("thread, session", gettid(), getsid(0));
  handle(SIGUSR1, on_signal, 0);
  const pid_t child = fork();
  if (child == 0) {
    say("child", getpid(), getppid());
    kill(1, SIGUSR1);
    _exit(4);
  }
  int status;
  while (waitpid(child, &status, 0) != child) CHECK(errno == EINTR);
  say("waited for", child, WEXITSTATUS(status));
  siginfo_t info;
  const pid_t other = fork();
  if (other == 0) _exit(5);
  while (waitid(P_PID, other, &info, WEXITED) != 0) CHECK(errno == EINTR);
  say("told", info.si_pid, info.si_status);
  /* A process that nobody waits for becomes the first one's child. */
  const pid_t middle = fork();
  if (middle == 0) {
    if (fork() == 0) {
      while (getppid() != 1) sched_yield();
      say("orphan of", getppid(), getpid());
      _exit(6);
    }
    _exit(0);
  }
  for (int left = 2; left > 0;)
    if (wait(&status) > 0) left--;
  say("nobody", kill(99, 0), 0);
  return 7;
}

static int leaves_others(void *unused) {
  (void)unused;
  for (int i = 0; i < 3; i++)
    if (fork() == 0) {
      if (i == 1 && fork() == 0) for (;;) sched_yield();
      for (;;) pause();
    }
  return 8;
}

static void *waits(void *unused) {
  pause();
  return unused;
}

static int leaves_threads(void *unused) {
  pthread_t thread;
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&thread, NULL, waits, NULL) == 0);
  if (fork() == 0) for (;;) pause();
  leaves_others(unused);
  exit(9);
}

static int ready[2];

static int is_killed(void *unused) {
  leaves_others(unused);
  CHECK(write(ready[1], "x", 1) == 1);
  for (;;) pause();
}

static int has_another(void *unused) {
  (void)unused;
  CHECK(unshare(CLONE_NEWPID) == 0);
  const pid_t child = fork();
  if (child == 0) {
    say("inner", getpid(), getppid());
    leaves_others(NULL);
    CHECK(write(ready[1], "x", 1) == 1);
    for (;;) pause();
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  say("seen from outside", child, getpid());
  return 10;
}

/* What a robust mutex holds is an id of the namespace. */
static pthread_mutex_t *mutex;

static int dies_with_mutex(void *unused) {
  (void)unused;
  /* Only fork tells libc that the id is another one. */
  const pid_t child = fork();
  if (child == 0) {
    CHECK(pthread_mutex_lock(mutex) == 0);
    _exit(0);
  }
  CHECK(wait(NULL) == child);
  return 11;
}

static int reads_of_itself(void *unused) {
  (void)unused;
  CHECK(unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
  if (mount("proc", "/proc", "proc", 0, NULL) != 0) return 1;
  FILE *status = fopen("/proc/self/status", "r");
  char line[256];
  CHECK(status != NULL);
  while (fgets(line, sizeof(line), status) != NULL)
    for (unsigned i = 0; i < 5; i++) {
      static const char *const wanted[] = {"Pid:", "PPid:", "TracerPid:", "NSpid:", "Seccomp:"};
      if (strncmp(line, wanted[i], strlen(wanted[i])) == 0) CHECK(write(1, line, strlen(line)) > 0);
    }
  fclose(status);
  FILE *maps = fopen("/proc/1/maps", "r");
  int foreign = 0;
  while (fgets(line, sizeof(line), maps) != NULL) foreign += strtoul(line, NULL, 16) < 0x100000;
  say("low mappings", foreign, 0);
  return 12;
}

/* Of another process of the namespace, by its id there. */
static int writes_to_another(void *unused) {
  (void)unused;
  static volatile int word = 1;
  const pid_t child = fork();
  if (child == 0) {
    while (word == 1) sched_yield();
    say("written", word, 0);
    _exit(0);
  }
  int value = 77;
  struct iovec from = {&value, sizeof(value)}, to = {(void *)&word, sizeof(word)};
  const long written = process_vm_writev(child, &from, 1, &to, 1, 0);
  wait(NULL);
  say("writes", written, 0);
  return 13;
}

static int by_unshare(void *unused) {
  CHECK(unshare(CLONE_NEWPID) == 0);
  pid_t child = fork();
  if (child == 0) {
    say("by unshare", getpid(), getppid());
    _exit(2);
  }
  ended("by unshare", child);
  /* The namespace is over: nobody can be made in it any more. */
  say("one more", fork(), 0);
  return unused != NULL;
}

/* Who enters a namespace has no id there, but its children have. */
static int enters(void *unused) {
  const pid_t first = in_namespace(is_killed);
  char path[64], byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  snprintf(path, sizeof(path), "/proc/%d/ns/pid", first);
  const int fd = open(path, O_RDONLY);
  CHECK(fd >= 0 && setns(fd, CLONE_NEWPID) == 0);
  const pid_t child = fork();
  if (child == 0) {
    say("entered", getpid() > 1, getppid());
    CHECK(write(ready[1], "x", 1) == 1);
    for (;;) pause();
  }
  CHECK(read(ready[0], &byte, 1) == 1);
  kill(first, SIGKILL);
  ended("with it", child);
  ended("killed from outside", first);
  return unused != NULL;
}

int main(void) {
  CHECK(pipe(ready) == 0);
  const pid_t probe = clone(leaves_others, stack + sizeof(stack), CLONE_NEWPID | SIGCHLD, NULL);
  if (probe < 0) {
    printf("no namespaces here: %s\nEXIT-SUCCESS\n", strerror(errno));
    return 0;
  }
  ended("leaves others", probe);
  ended("ids", in_namespace(ids));
  ended("leaves threads", in_namespace(leaves_threads));
  pid_t child = in_namespace(is_killed);
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  kill(child, SIGTERM);
  kill(child, SIGKILL);
  ended("is killed", child);
  ended("has another", in_namespace(has_another));
  mutex = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  CHECK(pthread_mutex_init(mutex, &attributes) == 0);
  ended("dies with a mutex", in_namespace(dies_with_mutex));
  say("its heir", pthread_mutex_lock(mutex), 0);
  CHECK(pthread_mutex_consistent(mutex) == 0);
  ended("reads of itself", in_namespace(reads_of_itself));
  ended("writes to another", in_namespace(writes_to_another));
  fflush(stdout);
  child = fork();
  if (child == 0) _exit(by_unshare(NULL));
  ended("by unshare", child);
  child = fork();
  if (child == 0) _exit(enters(NULL));
  ended("enters", child);
  return succeed();
}
