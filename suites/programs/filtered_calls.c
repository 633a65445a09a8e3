/*
 * Filters of system calls that the program sets for itself: every action, one in front of the other, by threads and
 * children, in calls of every kind; strict mode; and what is no filter.
 */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ucontext.h>
#include <sys/wait.h>

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(verdict) BPF_STMT(BPF_RET | BPF_K, verdict)
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static long seccomp(unsigned operation, unsigned flags, const void *arguments) {
  return syscall(SYS_seccomp, operation, flags, arguments);
}

static long set(unsigned flags, struct sock_filter *filter, size_t length) {
  struct sock_fprog program = {.len = length, .filter = filter};
  return seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* Lets all calls pass but one. */
static long verdict_with(unsigned flags, int number, unsigned verdict) {
  struct sock_filter filter[] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), RETURN(verdict), RETURN(SECCOMP_RET_ALLOW)};
  return set(flags, filter, ARRAY_LENGTH(filter));
}

static void verdict(int number, unsigned verdict) {
  CHECK(verdict_with(0, number, verdict) == 0);
}

static void say(const char *what, long result) {
  printf("%s: %ld %d\n", what, result, result < 0 ? errno : 0);
  fflush(stdout);
}

/* Runs something in a process of its own and says how that ended. */
static void apart(const char *what, void (*act)(void)) {
  printf("%s\n", what);
  fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    act();
    fflush(stdout);
    _exit(42);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void show_status(void) {
  static const char *const wanted[] = {"NoNewPrivs:", "Seccomp:", "Seccomp_filters:"};
  char line[4096];
  FILE *status = fopen("/proc/thread-self/status", "r");
  CHECK(status != NULL);
  while (fgets(line, sizeof(line), status) != NULL)
    for (size_t i = 0; i < ARRAY_LENGTH(wanted); i++)
      if (strncmp(line, wanted[i], strlen(wanted[i])) == 0) printf("%s", line);
  fclose(status);
}

static void answers(void) {
  say("mode", prctl(PR_GET_SECCOMP));
  say("rights", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  show_status();
  for (unsigned i = 0; i < 9; i++) {
    static const unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO, SECCOMP_RET_USER_NOTIF, SECCOMP_RET_TRACE, SECCOMP_RET_LOG, SECCOMP_RET_ALLOW, 0x00040000};
    say("action", seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]));
  }
  say("action at no address", seccomp(SECCOMP_GET_ACTION_AVAIL, 0, NULL));
  say("action with flags", seccomp(SECCOMP_GET_ACTION_AVAIL, 1, NULL));
  struct seccomp_notif_sizes sizes = {0};
  say("sizes", seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes));
  printf("%d %d %d\n", sizes.seccomp_notif, sizes.seccomp_notif_resp, sizes.seccomp_data);
  say("sizes at no address", seccomp(SECCOMP_GET_NOTIF_SIZES, 0, NULL));
  say("no operation", seccomp(99, 0, NULL));
  say("strict with an argument", seccomp(SECCOMP_SET_MODE_STRICT, 0, &sizes));
  say("no mode", prctl(PR_SET_SECCOMP, 7, 0, 0, 0));
}

static void refused(void) {
  struct sock_filter good[] = {RETURN(SECCOMP_RET_ALLOW)};
  static struct sock_filter many[BPF_MAXINSNS];
  for (size_t i = 0; i < ARRAY_LENGTH(many); i++) many[i] = good[0];
  say("no flag", set(1 << 20, good, 1));
  say("no instruction", set(0, good, 0));
  say("too many", set(0, many, BPF_MAXINSNS + 1));
  say("at no address", seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL));
  say("instructions nowhere", set(0, NULL, 1));
  say("instructions at a bad address", set(0, (struct sock_filter *)64, 1));
  say("listener and threads", set(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER, good, 1));
  struct sock_filter bad[][2] = {
    {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0)}, {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0)},
    {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), RETURN(0)}, {BPF_STMT(BPF_LD | BPF_MEM, 0), RETURN(0)},
    {BPF_STMT(BPF_ST, 16), RETURN(0)}, {BPF_STMT(BPF_ALU | BPF_DIV | BPF_K, 0), RETURN(0)},
    {BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, 3), RETURN(0)}, {BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 32), RETURN(0)},
    {BPF_STMT(BPF_JMP | BPF_JA, 1), RETURN(0)}, {BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), RETURN(0)},
    {RETURN(0), BPF_STMT(BPF_LD | BPF_IMM, 0)}, {BPF_STMT(0xffff, 0), RETURN(0)},
  };
  for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) say("no filter", set(0, bad[i], 2));
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  CHECK(syscall(SYS_capset, &header, data) == 0);
  say("without rights", set(0, good, 1));
  say("no filter, without rights", set(0, bad[0], 2));
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  say("without new rights", set(0, good, 1));
  show_status();
  long most = 0;
  while (set(0, many, BPF_MAXINSNS) == 0) most++;
  printf("so many long ones: %ld %d\n", most, errno);
}

static void errors(void) {
  verdict(SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK);
  say("an error", syscall(SYS_getpgid, 0));
  verdict(SYS_getsid, SECCOMP_RET_ERRNO);
  say("no error", syscall(SYS_getsid, 0));
  verdict(SYS_getppid, SECCOMP_RET_ERRNO | 0xffff);
  say("a large error", syscall(SYS_getppid));
  verdict(SYS_getpgid, SECCOMP_RET_ERRNO | EXDEV);
  say("the newer one", syscall(SYS_getpgid, 0));
  verdict(SYS_getpgid, SECCOMP_RET_TRACE);
  say("the lesser one", syscall(SYS_getpgid, 0));
  verdict(SYS_getuid, SECCOMP_RET_TRACE | 7);
  say("nobody to ask", syscall(SYS_getuid));
  verdict(SYS_geteuid, SECCOMP_RET_USER_NOTIF);
  say("nobody who listens", syscall(SYS_geteuid));
  verdict(SYS_getgid, SECCOMP_RET_LOG);
  CHECK(syscall(SYS_getgid) >= 0);
  say("no call", syscall(9999));
  verdict(9999, SECCOMP_RET_ERRNO | EBADMSG);
  say("no call, filtered", syscall(9999));
  verdict(-1, SECCOMP_RET_ERRNO | EBADSLT);
  say("number -1", syscall(-1));
  show_status();
}

/* Calls that natively change memory, tasks or registers, and here only seem to have been done. */
static void nothing_done(void) {
  static const int numbers[] = {SYS_mmap, SYS_munmap, SYS_mprotect, SYS_brk, SYS_fork, SYS_clone, SYS_clone3, SYS_vfork, SYS_execve, SYS_exit, SYS_arch_prctl, SYS_close, SYS_shmat, SYS_kill, SYS_set_tid_address};
  char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  memory[0] = 7;
  for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++) verdict(numbers[i], SECCOMP_RET_ERRNO);
  say("mmap", syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  say("mmap of a file", syscall(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0));
  say("munmap", syscall(SYS_munmap, memory, 4096));
  say("mprotect", syscall(SYS_mprotect, memory, 4096, PROT_NONE));
  memory[0]++;
  say("brk", syscall(SYS_brk, 0));
  say("fork", syscall(SYS_fork));
  say("clone", syscall(SYS_clone, CLONE_VM, 0, 0, 0, 0));
  say("clone3", syscall(SYS_clone3, 0, 0));
  say("vfork", syscall(SYS_vfork));
  say("execve", syscall(SYS_execve, "/bin/false", NULL, NULL));
  say("exit", syscall(SYS_exit, 3));
  say("arch_prctl", syscall(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, 1));
  say("close", close(1));
  say("shmat", syscall(SYS_shmat, 0, 0, 0));
  say("kill", kill(getpid(), SIGKILL));
  say("set_tid_address", syscall(SYS_set_tid_address, memory));
  verdict(SYS_exit_group, SECCOMP_RET_ERRNO | ENOANO);
  say("exit_group", syscall(SYS_exit_group, 3));
  say("memory", memory[0]);
  verdict(SYS_write, SECCOMP_RET_ERRNO | ENOLINK);
  CHECK(write(1, "lost\n", 5) == -1 && errno == ENOLINK);
  kill(getpid(), SIGTERM);
  syscall(SYS_tgkill, getpid(), gettid(), SIGQUIT);
}

static volatile long traps, place;

static void on_trap(int signal, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  traps++;
  place = (long)info->si_call_addr - registers[REG_RIP];
  printf("signal %d code %d errno %d call %d arch %x at %ld, rax %lld\n", signal, info->si_code, info->si_errno, info->si_syscall, info->si_arch, place, registers[REG_RAX]);
  printf("arguments %lld %lld, behind the call %d\n", registers[REG_RDI], registers[REG_RSI], registers[REG_RCX] == registers[REG_RIP]);
  registers[REG_RAX] = 1000 + info->si_errno;
}

static void traps_that_answer(void) {
  handle(SIGSYS, on_trap, 0);
  verdict(SYS_getpgid, SECCOMP_RET_TRAP | 17);
  say("trapped", syscall(SYS_getpgid, 4711, 4712));
  verdict(SYS_mmap, SECCOMP_RET_TRAP | 0xffff);
  say("trapped", syscall(SYS_mmap, 1, 2, 3, 4, 5, 6));
  verdict(SYS_clone, SECCOMP_RET_TRAP);
  say("trapped", syscall(SYS_clone, 1, 2, 0, 0, 0));
  verdict(SYS_getpgid, SECCOMP_RET_ERRNO | EPERM);
  say("trapped all the same", syscall(SYS_getpgid, 1, 2));
  printf("%ld traps\n", traps);
}

static void trap_unhandled(void) {
  verdict(SYS_getpgid, SECCOMP_RET_TRAP);
  getpgid(0);
}

static void trap_ignored(void) {
  signal(SIGSYS, SIG_IGN);
  trap_unhandled();
}

static void trap_blocked(void) {
  handle(SIGSYS, on_trap, 0);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGSYS);
  sigprocmask(SIG_BLOCK, &mask, NULL);
  trap_unhandled();
}

static void killed(void) {
  handle(SIGSYS, on_trap, 0);
  verdict(SYS_getpgid, SECCOMP_RET_KILL_PROCESS);
  getpgid(0);
}

static void killed_by_no_action(void) {
  verdict(SYS_getpgid, 0x00010000);
  getpgid(0);
}

static void killed_thread_that_is_all(void) {
  verdict(SYS_getpgid, SECCOMP_RET_KILL_THREAD);
  getpgid(0);
}

static void *breaks_rule(void *unused) {
  getpgid(0);
  return unused;
}

/* A thread that ends so is gone: whoever joins it finds that out by its id alone. */
static void killed_thread(void) {
  pthread_t thread;
  verdict(SYS_getpgid, SECCOMP_RET_KILL_THREAD);
  CHECK(pthread_create(&thread, NULL, breaks_rule, NULL) == 0);
  pthread_join(thread, NULL);
  say("goes on", 1);
  CHECK(pthread_create(&thread, NULL, breaks_rule, NULL) == 0);
  pthread_join(thread, NULL);
  say("goes on", 2);
}

/* The leader is a zombie by then. */
static void *ends_later(void *unused) {
  for (char state = 0; state != 'Z';) {
    FILE *stat = fopen("/proc/self/stat", "r");
    CHECK(stat != NULL && fscanf(stat, "%*d (%*[^)]) %c", &state) == 1);
    fclose(stat);
  }
  puts("the last one");
  fflush(stdout);
  syscall(SYS_exit, 3);
  return unused;
}

static void killed_leader(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, ends_later, NULL) == 0);
  verdict(SYS_getpgid, SECCOMP_RET_KILL_THREAD);
  getpgid(0);
}

static void *waits(void *unused) {
  pause();
  return unused;
}

static void killed_with_all(void) {
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, waits, NULL) == 0);
  verdict(SYS_getpgid, SECCOMP_RET_KILL_PROCESS);
  CHECK(pthread_create(&threads[0], NULL, breaks_rule, NULL) == 0);
  pthread_join(threads[0], NULL);
}

static void looks_at_arguments(void) {
  struct sock_filter large[] = {
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clock_gettime, 0, 3),
    LOAD(args[0]), BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, CLOCK_REALTIME, 0, 1), RETURN(SECCOMP_RET_ERRNO | ENOTUNIQ),
    RETURN(SECCOMP_RET_ALLOW)};
  CHECK(set(0, large, ARRAY_LENGTH(large)) == 0);
  struct timespec now;
  say("this clock", syscall(SYS_clock_gettime, CLOCK_REALTIME, &now));
  say("that clock", syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now));
  /* The upper halves of arguments count. */
  struct sock_filter upper[] = {
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getsid, 0, 3), BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 20),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1), RETURN(SECCOMP_RET_ERRNO | ENOTBLK), RETURN(SECCOMP_RET_ALLOW)};
  CHECK(set(0, upper, ARRAY_LENGTH(upper)) == 0);
  CHECK(syscall(SYS_getsid, 0) >= 0);
  say("upper half", syscall(SYS_getsid, 5L << 32));
}

/* Only the `syscall` of this function may ask. */
static __attribute__((noinline, noclone)) long ask_here(void) {
  long result;
  __asm__ volatile("syscall\n.globl behind_asking\nbehind_asking:" : "=a"(result) : "a"(SYS_getpgrp) : "rcx", "r11", "memory");
  return result;
}
extern const char behind_asking[];

static void looks_at_place(void) {
  const uint64_t here = (uint64_t)behind_asking;
  struct sock_filter filter[] = {
    LOAD(arch), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0), RETURN(SECCOMP_RET_KILL_PROCESS),
    LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgrp, 0, 5),
    LOAD(instruction_pointer), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)here, 0, 2),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, instruction_pointer) + 4),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, here >> 32, 1, 0), RETURN(SECCOMP_RET_ERRNO | ENONET), RETURN(SECCOMP_RET_ALLOW)};
  CHECK(set(0, filter, ARRAY_LENGTH(filter)) == 0);
  for (int i = 0; i < 3; i++) {
    CHECK(ask_here() > 0);
    say("elsewhere", syscall(SYS_getpgrp));
  }
}

static void *asks(void *unused) {
  say("thread", syscall(SYS_getpgid, 0));
  show_status();
  return unused;
}

static void inherited(void) {
  verdict(SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, asks, NULL) == 0);
  pthread_join(thread, NULL);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    verdict(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV);
    say("child", syscall(SYS_getsid, 0));
    char *const words[] = {"filtered_calls", "executed", NULL};
    execv("/proc/self/exe", words);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(syscall(SYS_getsid, 0) >= 0);
}

static pthread_barrier_t barrier;

static void *is_synchronised(void *unused) {
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  say("other thread", syscall(SYS_getpgid, 0));
  return unused;
}

static void synchronised(void) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  CHECK(pthread_create(&thread, NULL, is_synchronised, NULL) == 0);
  pthread_barrier_wait(&barrier);
  say("set for all", verdict_with(SECCOMP_FILTER_FLAG_TSYNC, SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK));
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
}

static volatile pid_t hindrance;

static void *has_its_own(void *unused) {
  hindrance = gettid();
  verdict(SYS_getsid, SECCOMP_RET_ERRNO | EXDEV);
  pthread_barrier_wait(&barrier);
  pthread_barrier_wait(&barrier);
  CHECK(syscall(SYS_getpgid, 0) >= 0);
  return unused;
}

static void not_synchronised(void) {
  pthread_t thread;
  pthread_barrier_init(&barrier, NULL, 2);
  CHECK(pthread_create(&thread, NULL, has_its_own, NULL) == 0);
  pthread_barrier_wait(&barrier);
  say("by its id", verdict_with(SECCOMP_FILTER_FLAG_TSYNC, SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK) == hindrance);
  say("by an error", verdict_with(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH, SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK));
  pthread_barrier_wait(&barrier);
  pthread_join(thread, NULL);
  say("here neither", syscall(SYS_getpgid, 0) < 0);
}

static void strict(void) {
  CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
  CHECK(write(1, "strict\n", 7) == 7);
  syscall(SYS_exit, 9);
}

static void strict_and_more(void) {
  CHECK(seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL) == 0);
  CHECK(write(1, "strict\n", 7) == 7);
  syscall(SYS_getpid);
  CHECK(write(1, "not strict\n", 11) == 11);
}

static void filter_then_strict(void) {
  verdict(SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK);
  say("strict", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT));
  say("mode", prctl(PR_GET_SECCOMP));
  struct sock_filter good[] = {RETURN(SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {.len = 1, .filter = good};
  say("by prctl", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
  show_status();
}

/* Filters hold for a call that a signal has broken off, and for what a handler does. */
static int alarm_end;

static void on_alarm(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  CHECK(write(alarm_end, "x", 1) == 1);
  say("in a handler", syscall(SYS_getpgid, 0));
}

static void with_signals(void) {
  handle(SIGALRM, on_alarm, SA_RESTART);
  verdict(SYS_getpgid, SECCOMP_RET_ERRNO | EMLINK);
  int ends[2];
  CHECK(pipe(ends) == 0);
  const struct itimerval soon = {.it_value = {.tv_usec = 1000}};
  alarm_end = ends[1];
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  char byte;
  say("read", read(ends[0], &byte, 1));
  sigset_t alarm, none;
  sigemptyset(&none);
  sigemptyset(&alarm);
  sigaddset(&alarm, SIGALRM);
  sigprocmask(SIG_BLOCK, &alarm, NULL);
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  say("wait", sigsuspend(&none));
}

int main(int count, char **words) {
  if (count > 1) {
    say(words[1], syscall(SYS_getpgid, 0));
    say(words[1], syscall(SYS_getsid, 0));
    show_status();
    return 0;
  }
  apart("answers", answers);
  apart("refused", refused);
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  apart("errors", errors);
  apart("nothing done", nothing_done);
  apart("traps", traps_that_answer);
  apart("trap unhandled", trap_unhandled);
  apart("trap ignored", trap_ignored);
  apart("trap blocked", trap_blocked);
  apart("killed", killed);
  apart("killed by no action", killed_by_no_action);
  apart("killed thread that is all", killed_thread_that_is_all);
  apart("killed thread", killed_thread);
  apart("killed leader", killed_leader);
  apart("killed with all", killed_with_all);
  apart("arguments", looks_at_arguments);
  apart("place", looks_at_place);
  apart("inherited", inherited);
  apart("synchronised", synchronised);
  apart("not synchronised", not_synchronised);
  apart("strict", strict);
  apart("strict and more", strict_and_more);
  apart("filter then strict", filter_then_strict);
  apart("with signals", with_signals);
  say("unfiltered", prctl(PR_GET_SECCOMP));
  return succeed();
}
