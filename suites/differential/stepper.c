/* Counts the conditional branches that a program retires, by single steps and a decoder of its own: an independent count
 * for the ticks of a recording. Prints the count; the program's output goes where it goes. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

/* jcc, loop, loope, loopne, jrcxz, whatever stands before them. */
static int is_conditional(const unsigned char *at, long length) {
  for (long i = 0; i < length; i++) {
    const unsigned char byte = at[i];
    const int is_prefix = byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || byte == 0x3e ||
                          byte == 0x26 || byte == 0x36 || byte == 0x64 || byte == 0x65 || (byte & 0xf0) == 0x40;
    if (is_prefix) continue;
    if (byte == 0x0f) return i + 1 < length && (at[i + 1] & 0xf0) == 0x80;
    return (byte & 0xf0) == 0x70 || (byte & 0xfc) == 0xe0;
  }
  return 0;
}

/* Lets the child run up to an address, by a breakpoint there. @return Whether it came there. */
static int run_to(pid_t child, unsigned long address, int *status) {
  struct user_regs_struct registers;
  /* The program has seen TF in its flags and may have loaded it from there. */
  ptrace(PTRACE_GETREGS, child, 0, &registers);
  registers.eflags &= ~0x100ul;
  ptrace(PTRACE_SETREGS, child, 0, &registers);
  const long word = ptrace(PTRACE_PEEKTEXT, child, address, 0);
  ptrace(PTRACE_POKETEXT, child, address, (word & ~0xffl) | 0xcc);
  ptrace(PTRACE_CONT, child, 0, 0);
  waitpid(child, status, 0);
  if (!WIFSTOPPED(*status)) return 0;
  ptrace(PTRACE_POKETEXT, child, address, word);
  ptrace(PTRACE_GETREGS, child, 0, &registers);
  if (registers.rip != address + 1) {
    fprintf(stderr, "stopped at %llx instead of %lx\n", registers.rip, address);
    exit(3);
  }
  registers.rip = address;
  ptrace(PTRACE_SETREGS, child, 0, &registers);
  return 1;
}

/* Usage: stepper PROGRAM [ENTER DONE]. With two addresses, only what lies between them is stepped, each time. */
int main(int argc, char **argv) {
  const unsigned long enter = argc > 2 ? strtoul(argv[2], NULL, 16) : 0, done = argc > 2 ? strtoul(argv[3], NULL, 16) : 0;
  const pid_t child = fork();
  if (child == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execl(argv[1], argv[1], NULL);
    _exit(127);
  }
  int status = 0, pass = 0;
  unsigned long ticks = 0;
  waitpid(child, &status, 0);
  if (enter && WIFSTOPPED(status)) run_to(child, enter, &status);
  while (WIFSTOPPED(status)) {
    struct user_regs_struct registers;
    unsigned char bytes[15];
    ptrace(PTRACE_GETREGS, child, 0, &registers);
    if (enter && registers.rip == done) {
      if (!run_to(child, enter, &status)) break;
      continue;
    }
    const struct iovec here = {bytes, sizeof(bytes)}, there = {(void *)registers.rip, sizeof(bytes)};
    long length = process_vm_readv(child, &here, 1, &there, 1, 0);
    if (length < 0) {
      const struct iovec page = {(void *)registers.rip, 4096 - registers.rip % 4096};
      length = process_vm_readv(child, &here, 1, &page, 1, 0);
    }
    const int conditional = is_conditional(bytes, length);
    ptrace(PTRACE_SINGLESTEP, child, 0, pass);
    waitpid(child, &status, 0);
    const int signal = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    siginfo_t info = {0};
    if (signal == SIGTRAP) ptrace(PTRACE_GETSIGINFO, child, 0, &info);
    /* A step over a system call is told as a breakpoint, one into a handler by si_code SIGTRAP. */
    const int is_call = length >= 2 && bytes[0] == 0x0f && bytes[1] == 0x05;
    const int stepped = signal == SIGTRAP && (info.si_code == TRAP_TRACE || info.si_code == SIGTRAP ||
                                              (info.si_code == TRAP_BRKPT && is_call));
    if (conditional && pass == 0 && stepped) ticks++;
    pass = stepped || signal == 0 ? 0 : signal;
  }
  fprintf(stderr, "%lu\n", ticks);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
