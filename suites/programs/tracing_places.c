/* Debug registers of a tracee: where it stops before an instruction, behind a write, behind any access; and what they say
 * then. */
#include "../tracer.h"
#include <stddef.h>

#define DR(i) offsetof(struct user, u_debugreg[i])

static volatile long watched, other;
static volatile int words[4];

static void __attribute__((noinline)) place(int turn) {
  other += turn;
  __asm__ volatile("");
}

static void works(void) {
  for (int i = 0; i < 3; i++) {
    other += i;
    watched = i + 10;
    other ^= watched;
    place(i);
  }
  words[1] = 5;
  memset((void *)words, 7, sizeof(words));
  other = watched;
  printf("in the end %ld\n", other);
  fflush(stdout);
}

static unsigned long debug_register(pid_t task, int index) {
  errno = 0;
  const long value = ptrace(PTRACE_PEEKUSER, task, DR(index), NULL);
  CHECK(errno == 0);
  return value;
}

static int is_set(pid_t task, int index, unsigned long value) {
  return ptrace(PTRACE_POKEUSER, task, DR(index), value) == 0;
}

static void watches(void) {
  const pid_t child = traced(works);
  printf("status %lx, control %lx\n", debug_register(child, 6), debug_register(child, 7));
  const unsigned long first = 1 | 9 << 16;
  if (!is_set(child, 0, (unsigned long)&watched) || !is_set(child, 7, first)) {
    puts("this machine has no debug registers to give");
    CHECK(ptrace(PTRACE_KILL, child, NULL, NULL) == 0);
    return;
  }
  CHECK(is_set(child, 0, (unsigned long)&watched) && is_set(child, 1, (unsigned long)place));
  CHECK(is_set(child, 2, (unsigned long)&words[2]));
  CHECK(!is_set(child, 4, 1) && errno == EIO);
  CHECK(!is_set(child, 3, 0xffff800000000000) && errno == EINVAL);
  // Eight bytes written, an instruction, four bytes written.
  const unsigned long control = 1 | 4 | 16 | 9 << 16 | 0xd << 24;
  CHECK(is_set(child, 7, control) && debug_register(child, 7) == control);
  int status, stops = 0;
  while (WIFSTOPPED(status = go(PTRACE_CONT, child, 0))) {
    const struct user_regs_struct registers = registers_of(child);
    const siginfo_t info = info_of(child);
    printf("stop %x, status %lx, code %d, in place %d, watched %ld\n", status, debug_register(child, 6), info.si_code,
           registers.rip == (uintptr_t)place, ptrace(PTRACE_PEEKDATA, child, &watched, NULL));
    CHECK(info.si_addr == (void *)registers.rip);
    if (++stops == 6) {
      CHECK(go(PTRACE_SINGLESTEP, child, 0) == (SIGTRAP << 8 | 0x7f));
      printf("a step: status %lx\n", debug_register(child, 6));
    }
    if (stops == 7) CHECK(is_set(child, 7, control | 3 << 16));
  }
  printf("end %x\n", status);
}

int main(void) {
  watches();
  fflush(stdout);
  return succeed();
}
