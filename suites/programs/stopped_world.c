/*
 * A leak checker's way to look at a program: a process with the same memory, which no tracer has, attaches to all threads, waits
 * until they stand still, reads their registers and lets them go.
 */
#include "../tickproof.h"
#include <elf.h>
#include <errno.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

enum { STACK = 1 << 16 };

static volatile uint64_t turns;
static volatile int sleeper, spinner, is_done;
static char stack[STACK] __attribute__((aligned(16)));

static void *sleeps(void *unused) {
  sleeper = (int)syscall(SYS_gettid);
  while (!is_done) usleep(1000);
  return unused;
}

static void *spins(void *unused) {
  spinner = (int)syscall(SYS_gettid);
  while (!is_done) turns++;
  return unused;
}

static void attach(pid_t thread) {
  int status = 0;
  CHECK(ptrace(PTRACE_ATTACH, thread, NULL, NULL) == 0);
  CHECK(waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

/* Both ways to ask say the same; the stack pointer is one of a stack, and what is there can be read. */
static struct user_regs_struct look_at(pid_t thread) {
  struct user_regs_struct by_set, all;
  struct iovec room = {&by_set, sizeof(by_set)};
  CHECK(ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &room) == 0 && room.iov_len == sizeof(by_set));
  CHECK(ptrace(PTRACE_GETREGS, thread, NULL, &all) == 0 && memcmp(&all, &by_set, sizeof(all)) == 0);
  uint64_t word;
  CHECK(syscall(SYS_ptrace, PTRACE_PEEKDATA, thread, all.rsp, &word) == 0);
  CHECK(word == *(uint64_t *)all.rsp);
  struct iovec small = {&by_set, 8};
  CHECK(ptrace(PTRACE_GETREGSET, thread, (void *)NT_PRSTATUS, &small) == 0 && small.iov_len == 8);
  return all;
}

static int watch(void *main_thread) {
  const pid_t leader = *(pid_t *)main_thread;
  const pid_t threads[] = {leader, sleeper, spinner};
  const int count = sizeof(threads) / sizeof(threads[0]);
  for (int i = 0; i < count; i++) attach(threads[i]);
  const uint64_t before = turns;
  for (int i = 0; i < count; i++) {
    const struct user_regs_struct registers = look_at(threads[i]);
    if (threads[i] == spinner)
      CHECK(registers.rip >= (uintptr_t)spins && registers.rip < (uintptr_t)spins + 256);
  }
  for (int i = 0; i < 1000; i++) sched_yield();
  CHECK(turns == before);
  char vectors[4096];
  struct iovec room = {vectors, sizeof(vectors)};
  CHECK(ptrace(PTRACE_GETREGSET, spinner, (void *)NT_X86_XSTATE, &room) == 0 && room.iov_len > 512);
  for (int i = 0; i < count; i++) CHECK(ptrace(PTRACE_DETACH, threads[i], NULL, NULL) == 0);
  CHECK(ptrace(PTRACE_DETACH, spinner, NULL, NULL) == -1 && errno == ESRCH);
  while (turns == before) sched_yield();
  return 3;
}

int main(void) {
  pthread_t threads[2];
  CHECK(pthread_create(&threads[0], NULL, sleeps, NULL) == 0);
  CHECK(pthread_create(&threads[1], NULL, spins, NULL) == 0);
  while (sleeper == 0 || spinner == 0 || turns == 0) sched_yield();
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
  for (int i = 0; i < 3; i++) {
    pid_t self = getpid();
    const pid_t watcher =
        clone(watch, stack + STACK, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, &self);
    int status;
    CHECK(watcher > 0 && waitpid(watcher, &status, __WALL) == watcher);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
  }
  is_done = 1;
  for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  return succeed();
}
