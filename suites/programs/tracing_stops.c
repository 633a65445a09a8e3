/* Stops of whole processes under a tracer, with threads, attached to and seized; tracers that hear of stops in all ways; and
 * deaths of tracers. All that is seen is printed. */
#include "../tracer.h"
#include <sys/mman.h>
#include <sys/signalfd.h>

static const int EVENT_STOP = PTRACE_EVENT_STOP << 16;

static int stop_by(int signal) { return signal << 8 | 0x7f; }

static char state_of(pid_t task) {
  char path[32], text[512];
  snprintf(path, sizeof(path), "/proc/%d/stat", task);
  FILE *file = fopen(path, "r");
  CHECK(file && fgets(text, sizeof(text), file) && fclose(file) == 0);
  return strrchr(text, ')')[2];
}

static pid_t sleeper(void) {
  const pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  return child;
}

static void finish(pid_t child) {
  CHECK(kill(child, SIGKILL) == 0);
  CHECK(status_of(child) == SIGKILL);
}

/* A process that is stopped before it is attached to. */
static void attach_stopped(void) {
  pid_t child = sleeper();
  int status;
  CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child && status == stop_by(SIGSTOP));
  CHECK(ptrace(PTRACE_ATTACH, child, NULL, NULL) == 0);
  printf("attached to a stopped one: %x, %c\n", status_of(child), state_of(child));
  CHECK(ptrace(PTRACE_DETACH, child, NULL, NULL) == 0 && kill(child, SIGCONT) == 0);
  finish(child);

  child = sleeper();
  CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, &status, WUNTRACED) == child);
  CHECK(ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0);
  CHECK(status_of(child) == (EVENT_STOP | stop_by(SIGSTOP)));
  siginfo_t info = info_of(child);
  printf("seized a stopped one: %d, code %x\n", info.si_signo, info.si_code);
  CHECK(ptrace(PTRACE_LISTEN, child, NULL, NULL) == 0);
  CHECK(ptrace(PTRACE_GETSIGINFO, child, NULL, &info) == -1 && errno == ESRCH);
  CHECK(waitpid(child, &status, WNOHANG) == 0 && kill(child, SIGCONT) == 0);
  printf("continued: %x\n", status_of(child));
  printf("and then: %x\n", go(PTRACE_CONT, child, 0));
  CHECK(ptrace(PTRACE_CONT, child, NULL, (void *)SIGCONT) == 0);
  finish(child);
}

static volatile int ready, is_over;

static void *spins(void *unused) {
  ready = 1;
  while (!is_over);
  return unused;
}

/* A stop signal that the tracer lets pass stops all threads, and each says so. */
static void group_stop(int seizes) {
  int ends[2];
  char byte = 0;
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    CHECK(read(ends[0], &byte, 1) == 1);
    CHECK(pthread_create(&thread, NULL, spins, NULL) == 0 && pthread_join(thread, NULL) == 0);
    _exit(6);
  }
  const long options = PTRACE_O_TRACECLONE;
  int status;
  if (seizes) CHECK(ptrace(PTRACE_SEIZE, child, NULL, options) == 0);
  else {
    CHECK(ptrace(PTRACE_ATTACH, child, NULL, NULL) == 0 && status_of(child) == stop_by(SIGSTOP));
    CHECK(ptrace(PTRACE_SETOPTIONS, child, NULL, options) == 0 && ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  }
  CHECK(write(ends[1], &byte, 1) == 1 && close(ends[0]) == 0 && close(ends[1]) == 0);
  CHECK(status_of(child) == (PTRACE_EVENT_CLONE << 16 | SIGTRAP << 8 | 0x7f));
  unsigned long message;
  CHECK(ptrace(PTRACE_GETEVENTMSG, child, NULL, &message) == 0);
  const pid_t thread = message;
  printf("thread: %x\n", status_of(thread));
  CHECK(ptrace(PTRACE_CONT, thread, NULL, NULL) == 0 && ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  while (!ptrace(PTRACE_PEEKDATA, child, &ready, NULL) || errno == ESRCH) {
    errno = 0;
    usleep(1000);
    int is_ready;
    struct iovec here = {&is_ready, sizeof(is_ready)}, there = {(void *)&ready, sizeof(ready)};
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == sizeof(is_ready));
    if (is_ready) break;
  }
  CHECK(syscall(SYS_tgkill, child, child, SIGSTOP) == 0);
  CHECK(status_of(child) == stop_by(SIGSTOP));
  CHECK(ptrace(PTRACE_CONT, child, NULL, (void *)SIGSTOP) == 0);
  printf("stops: %x", status_of(child));
  printf(" %x\n", status_of(thread));
  siginfo_t info;
  printf("info: %ld\n", ptrace(PTRACE_GETSIGINFO, thread, NULL, &info));
  const int one = 1;
  struct iovec here = {(void *)&one, sizeof(one)}, there = {(void *)&is_over, sizeof(is_over)};
  CHECK(process_vm_writev(child, &here, 1, &there, 1, 0) == sizeof(one));
  CHECK(ptrace(PTRACE_CONT, thread, NULL, NULL) == 0);
  printf("thread ends: %x\n", status_of(thread));
  CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  do status = status_of(child);
  while (WIFSTOPPED(status) && ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  printf("end: %x\n", status);
}

static void attached_group(void) { group_stop(0); }

static void seized_group(void) { group_stop(1); }

/* A tracer that blocks SIGCHLD takes it by a call, or by a descriptor. */
static void blocked_sigchld(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
  const int fd = signalfd(-1, &set, 0);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
    raise(SIGUSR1);
    raise(SIGUSR2);
    _exit(0);
  }
  CHECK(sigwaitinfo(&set, NULL) == SIGCHLD && status_of(child) == stop_by(SIGUSR1));
  CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  struct signalfd_siginfo info;
  CHECK(read(fd, &info, sizeof(info)) == sizeof(info) && info.ssi_signo == SIGCHLD);
  CHECK(status_of(child) == stop_by(SIGUSR2));
  puts("SIGCHLD was taken");
  finish(child);
  CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0 && close(fd) == 0);
}

static pid_t waited;

static void *waits(void *unused) {
  printf("another thread hears of %x\n", status_of(waited));
  fflush(stdout);
  return unused;
}

/* Another thread of the tracer's process waits; it may not make requests. */
static void waiter_thread(void) {
  pthread_t thread;
  waited = traced((void (*)(void))pause);
  CHECK(pthread_create(&thread, NULL, waits, NULL) == 0);
  CHECK(ptrace(PTRACE_SYSCALL, waited, NULL, NULL) == 0 && pthread_join(thread, NULL) == 0);
  finish(waited);
}

/* Whoever is traced goes on when its tracer dies, from any stop; or dies with it. */
static void tracer_deaths(void) {
  for (int way = 0; way < 3; way++) {
    int ends[2];
    char byte = 0;
    CHECK(pipe(ends) == 0);
    const pid_t child = fork();
    if (child == 0) {
      const pid_t tracee = getpid();
      const pid_t tracer = fork();
      if (tracer == 0) {
        CHECK(ptrace(PTRACE_ATTACH, tracee, NULL, NULL) == 0 && status_of(tracee) == stop_by(SIGSTOP));
        if (way == 1) CHECK(ptrace(PTRACE_SETOPTIONS, tracee, NULL, PTRACE_O_EXITKILL) == 0);
        if (way == 2) CHECK(ptrace(PTRACE_CONT, tracee, NULL, NULL) == 0);
        raise(SIGKILL);
      }
      int status;
      CHECK(waitpid(tracer, &status, 0) == tracer && status == SIGKILL);
      CHECK(write(ends[1], "x", 1) == 1);
      _exit(0);
    }
    CHECK(close(ends[1]) == 0);
    printf("tracee of a dead tracer: %ld", (long)read(ends[0], &byte, 1));
    printf(", %x\n", status_of(child));
    close(ends[0]);
  }
}

static void traps(void) { __asm__ volatile("int3"); }

/* The tracer has its tracee make calls of its own: memory comes, is written by /proc, and goes. */
static long call_in(pid_t child, struct user_regs_struct at, long number, const long *arguments) {
  at.rax = number;
  at.rdi = arguments[0], at.rsi = arguments[1], at.rdx = arguments[2];
  at.r10 = arguments[3], at.r8 = arguments[4], at.r9 = arguments[5];
  CHECK(ptrace(PTRACE_SETREGS, child, NULL, &at) == 0 && go(PTRACE_SINGLESTEP, child, 0) == stop_by(SIGTRAP));
  return registers_of(child).rax;
}

static void remote_calls(void) {
  const pid_t child = traced(traps);
  CHECK(go(PTRACE_CONT, child, 0) == stop_by(SIGTRAP));
  const struct user_regs_struct before = registers_of(child);
  struct user_regs_struct at = before;
  const long text = ptrace(PTRACE_PEEKTEXT, child, before.rip, NULL);
  CHECK(ptrace(PTRACE_POKETEXT, child, before.rip, (text & ~0xffffL) | 0x050f) == 0);
  const long map[] = {0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0};
  const long memory = call_in(child, at, SYS_mmap, map);
  char path[32], bytes[8] = "";
  snprintf(path, sizeof(path), "/proc/%d/mem", child);
  FILE *file = fopen(path, "r+");
  CHECK(file && fseek(file, memory + 16, SEEK_SET) == 0 && fwrite("written", 8, 1, file) == 1 && fclose(file) == 0);
  *(long *)bytes = ptrace(PTRACE_PEEKDATA, child, memory + 16, NULL);
  printf("in its memory: %s\n", bytes);
  const long unmap[] = {memory, 4096, 0, 0, 0, 0};
  printf("unmapped: %ld\n", call_in(child, at, SYS_munmap, unmap));
  CHECK(ptrace(PTRACE_PEEKDATA, child, memory + 16, NULL) == -1 && errno == EIO);
  CHECK(ptrace(PTRACE_POKETEXT, child, before.rip, text) == 0 && ptrace(PTRACE_SETREGS, child, NULL, &before) == 0);
  printf("end: %x\n", go(PTRACE_CONT, child, 0));
}

static void asks(void) {
  const long result = syscall(SYS_getpid);
  printf("getpid said %ld\n", result);
  fflush(stdout);
}

/* Calls that are not done: the tracer gives their results. */
static void emulated_calls(void) {
  const pid_t child = traced(asks);
  CHECK(go(PTRACE_SYSEMU, child, 0) == stop_by(SIGTRAP));
  struct user_regs_struct at = registers_of(child);
  CHECK(at.orig_rax == SYS_getpid && (long)at.rax == -ENOSYS);
  at.rax = 4321;
  CHECK(ptrace(PTRACE_SETREGS, child, NULL, &at) == 0);
  printf("end: %x\n", go(PTRACE_CONT, child, 0));
}

int main(void) {
  void (*const parts[])(void) = {attach_stopped,  attached_group, seized_group, blocked_sigchld, waiter_thread,
                                 tracer_deaths, remote_calls,   emulated_calls};
  for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    parts[i]();
    fflush(stdout);
  }
  return succeed();
}
