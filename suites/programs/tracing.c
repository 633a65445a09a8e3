/* A debugger in small: it reads and writes memory and registers of its child, follows its calls, steps it, and has it get
 * signals, others, or none. All that it sees is printed. */
#include "../tracer.h"
#include <stddef.h>

static volatile long value = 42, spun;
static volatile int is_over;
static volatile double quotient;

static void on_signal(int signal) {
  printf("handler of %d, value %ld\n", signal, value);
  fflush(stdout);
}

static void gets_signals(void) {
  signal(SIGUSR1, on_signal);
  raise(SIGUSR1);
  raise(SIGUSR2);
  raise(SIGTERM);
}

static void signals(void) {
  const pid_t child = traced(gets_signals);
  CHECK(ptrace(PTRACE_PEEKDATA, child, &value, NULL) == 42 && ptrace(PTRACE_POKEDATA, child, &value, 77L) == 0);
  CHECK(ptrace(PTRACE_PEEKDATA, child, NULL, NULL) == -1 && errno == EIO);
  printf("stop %x\n", go(PTRACE_CONT, child, 0));
  siginfo_t info = info_of(child);
  printf("info %d %d %d\n", info.si_signo, info.si_code, info.si_pid == child);
  // The handler runs; then comes another signal, which is suppressed, and one that becomes a different one.
  printf("stop %x\n", go(PTRACE_CONT, child, SIGUSR1));
  printf("stop %x\n", go(PTRACE_CONT, child, 0));
  CHECK(ptrace(PTRACE_CONT, child, NULL, 65L) == -1 && errno == EIO);
  printf("end %x\n", go(PTRACE_CONT, child, SIGHUP));
  CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == -1 && errno == ESRCH);
}

static void makes_calls(void) {
  const int fd = dup(2);
  close(fd);
  errno = 0;
  getppid();
  printf("close of 99: %ld, errno %d\n", (long)close(99), errno);
  fflush(stdout);
}

/* Each call stops twice; one is changed, one is left out, and results too. */
static void calls(void) {
  const pid_t child = traced(makes_calls);
  CHECK(ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD) == 0);
  int status;
  while (WIFSTOPPED(status = go(PTRACE_SYSCALL, child, 0))) {
    struct user_regs_struct entry = registers_of(child);
    struct __ptrace_syscall_info info;
    const long size = ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info), &info);
    CHECK(status == (SIGTRAP << 8 | 0x807f) && info.op == PTRACE_SYSCALL_INFO_ENTRY);
    printf("call %lld (%ld bytes, number %lld)", entry.orig_rax, size, (long long)info.entry.nr);
    if (entry.orig_rax == SYS_exit_group) {
      printf("\n");
      continue;
    }
    if (entry.orig_rax == SYS_getppid) entry.orig_rax = -1, entry.rax = 1234;
    if (entry.orig_rax == SYS_close && entry.rdi == 99) entry.orig_rax = SYS_dup;
    CHECK(ptrace(PTRACE_SETREGS, child, NULL, &entry) == 0);
    CHECK(go(PTRACE_SYSCALL, child, 0) == (SIGTRAP << 8 | 0x807f));
    const long rest = ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof(info), &info);
    CHECK(info.op == PTRACE_SYSCALL_INFO_EXIT);
    printf(" = %lld, %d, %ld bytes\n", (long long)info.exit.rval, info.exit.is_error, rest);
    struct user_regs_struct end = registers_of(child);
    if (end.orig_rax == SYS_dup && end.rdi == 99) end.rax = 7;
    CHECK(ptrace(PTRACE_SETREGS, child, NULL, &end) == 0);
  }
  printf("end %x\n", status);
}

int stepped(void);
__asm__(
    "stepped: mov $3, %eax\n1: dec %eax\n jnz 1b\n pushf\n pop %rdx\n mov $39, %eax\n syscall\n nop\n int3\n"
    " mov $7, %eax\n ret\n");

static void runs_stepped(void) { _exit(stepped()); }

static void steps(void) {
  const pid_t child = traced(runs_stepped);
  const long text = ptrace(PTRACE_PEEKTEXT, child, stepped, NULL);
  CHECK(ptrace(PTRACE_POKETEXT, child, stepped, (text & ~0xffL) | 0xcc) == 0);
  printf("breakpoint %x", go(PTRACE_CONT, child, 0));
  struct user_regs_struct registers = registers_of(child);
  printf(" at %+lld\n", (long long)registers.rip - (long long)stepped);
  CHECK(ptrace(PTRACE_POKETEXT, child, stepped, text) == 0);
  registers.rip = (uintptr_t)stepped;
  CHECK(ptrace(PTRACE_SETREGS, child, NULL, &registers) == 0);
  do {
    const int status = go(PTRACE_SINGLESTEP, child, 0);
    registers = registers_of(child);
    const long long rax = registers.rax == (unsigned)child ? -1 : (long long)registers.rax;
    printf("step %x at %+lld: rax %lld, call %lld, code %d\n", status, (long long)registers.rip - (long long)stepped,
           rax, (long long)registers.orig_rax, info_of(child).si_code);
  } while (registers.rip - (uintptr_t)stepped < 40);
  // It steps into a handler, whose first instruction is still to come.
  CHECK(ptrace(PTRACE_POKEUSER, child, offsetof(struct user_regs_struct, rbx), 0x1234L) == 0);
  CHECK(ptrace(PTRACE_PEEKUSER, child, offsetof(struct user_regs_struct, rbx), NULL) == 0x1234);
  printf("end %x\n", go(PTRACE_CONT, child, 0));
}

static void computes(void) {
  volatile double a = 10, b = 4;
  __asm__ volatile("movsd %1, %%xmm5\nint3\nmovsd %%xmm5, %0" : "=m"(quotient) : "m"(a) : "xmm5");
  printf("quotient %g\n", quotient + b);
  fflush(stdout);
}

static void vectors(void) {
  const pid_t child = traced(computes);
  CHECK(go(PTRACE_CONT, child, 0) == (SIGTRAP << 8 | 0x7f));
  struct user_fpregs_struct all;
  CHECK(ptrace(PTRACE_GETFPREGS, child, NULL, &all) == 0);
  double ten, five = 5;
  memcpy(&ten, all.xmm_space + 4 * 5, sizeof(ten));
  printf("xmm5 %g\n", ten);
  char area[8192];
  struct iovec room = {area, sizeof(area)};
  CHECK(ptrace(PTRACE_GETREGSET, child, (void *)NT_X86_XSTATE, &room) == 0 && room.iov_len >= 576);
  CHECK(memcmp(area + 160 + 16 * 5, &ten, sizeof(ten)) == 0);
  memcpy(area + 160 + 16 * 5, &five, sizeof(five));
  CHECK(ptrace(PTRACE_SETREGSET, child, (void *)NT_X86_XSTATE, &room) == 0);
  room.iov_len = sizeof(area);
  CHECK(ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &room) == 0);
  CHECK(room.iov_len == sizeof(struct user_regs_struct));
  printf("end %x\n", go(PTRACE_CONT, child, 0));
}

static void spins(void) {
  while (!is_over) spun++;
  _exit(3);
}

static void attaching(void) {
  pid_t child = fork();
  if (child == 0) spins();
  CHECK(ptrace(PTRACE_ATTACH, child, NULL, NULL) == 0);
  CHECK(ptrace(PTRACE_ATTACH, child, NULL, NULL) == -1 && errno == EPERM);
  printf("attached %x", status_of(child));
  printf(", code %d\n", info_of(child).si_code);
  CHECK(ptrace(PTRACE_POKEDATA, child, &is_over, 1L) == 0 && ptrace(PTRACE_DETACH, child, NULL, NULL) == 0);
  printf("end %x\n", status_of(child));

  child = fork();
  if (child == 0) {
    pause();
    _exit(4);
  }
  CHECK(ptrace(PTRACE_SEIZE, child, NULL, PTRACE_O_TRACESYSGOOD) == 0);
  int status;
  CHECK(waitpid(child, &status, WNOHANG) == 0);
  // It is at its pause, or on the way to it.
  do {
    CHECK(ptrace(PTRACE_INTERRUPT, child, NULL, NULL) == 0);
    status = status_of(child);
    CHECK(status == (PTRACE_EVENT_STOP << 16 | SIGTRAP << 8 | 0x7f));
    if (registers_of(child).orig_rax == SYS_pause) break;
    CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == 0);
  } while (1);
  printf("result %lld\n", (long long)registers_of(child).rax);
  printf("stop %x", go(PTRACE_SYSCALL, child, 0));
  printf(" at the entry of %lld\n", (long long)registers_of(child).orig_rax);
  CHECK(ptrace(PTRACE_CONT, child, NULL, NULL) == 0 && kill(child, SIGTERM) == 0);
  printf("stop %x\n", status_of(child));
  printf("end %x\n", go(PTRACE_CONT, child, SIGTERM));
}

static volatile int children;

static void on_child(int number, siginfo_t *info, void *context) {
  (void)number;
  (void)context;
  if (info->si_code == CLD_TRAPPED && info->si_status == SIGSTOP) children++;
}

/* A tracer hears of stops by SIGCHLD, and waits for them by all calls; what it traces when it dies goes on. */
static void hearing(void) {
  handle(SIGCHLD, on_child, SA_RESTART);
  const pid_t child = traced(makes_calls);
  CHECK(children == 1);
  siginfo_t info;
  CHECK(ptrace(PTRACE_SYSCALL, child, NULL, NULL) == 0);
  CHECK(waitid(P_PID, child, &info, WSTOPPED | WNOWAIT) == 0);
  printf("waitid: %d %d\n", info.si_code, info.si_status);
  CHECK(waitid(P_ALL, 0, &info, WSTOPPED | WEXITED) == 0 && info.si_pid == child);
  CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == 0);
  CHECK(ptrace(PTRACE_KILL, child, NULL, NULL) == 0);
  printf("end %x\n", status_of(child));
  CHECK(waitpid(-1, NULL, __WALL) == -1 && errno == ECHILD);
  signal(SIGCHLD, SIG_DFL);

  int ends[2];
  char byte = 0;
  CHECK(pipe(ends) == 0);
  const pid_t tracer = fork();
  if (tracer == 0) {
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      while (getppid() == tracer) usleep(1000);
      pause();
    }
    CHECK(ptrace(PTRACE_SEIZE, grandchild, NULL, PTRACE_O_EXITKILL) == 0);
    _exit(0);
  }
  CHECK(close(ends[1]) == 0 && status_of(tracer) == 0);
  CHECK(read(ends[0], &byte, 1) == 0);
  puts("the tracee has died with its tracer");
}

int main(void) {
  setvbuf(stdout, NULL, _IOFBF, 1 << 16);
  void (*const parts[])(void) = {signals, calls, steps, vectors, attaching, hearing};
  for (unsigned i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
    parts[i]();
    fflush(stdout);
  }
  return succeed();
}
