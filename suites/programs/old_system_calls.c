/* int 0x80: the system calls of 32-bit programs, from a 64-bit one; a kernel without them sends SIGSEGV. */
#include "../tickproof.h"

enum { GETPID_32 = 20 };

static void on_fault(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  exit(succeed());
}

int main(void) {
  handle(SIGSEGV, on_fault, 0);
  long result = GETPID_32;
  __asm__ volatile("int $0x80" : "+a"(result)::"r8", "r9", "r10", "r11", "memory");
  CHECK(result == getpid());
  return succeed();
}
