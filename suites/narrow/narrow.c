/* A 64-bit program that leaves the 64-bit world, in a way that its argument names. */
#include "../tickproof.h"
#include <sys/mman.h>
#include <ucontext.h>

enum { CODE_32 = 0x23, PAGE = 4096, X32 = 0x40000000 };

/* Code for both worlds: it ends the program with 5 by the system call exit of 32-bit programs. */
static const unsigned char exits[] = {0xb8, 1, 0, 0, 0, 0xbb, 5, 0, 0, 0, 0xcd, 0x80};
static char *low;

static void to_narrow_code(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  ucontext_t *interrupted = context;
  interrupted->uc_mcontext.gregs[REG_RIP] = (long)low;
  interrupted->uc_mcontext.gregs[REG_CSGSFS] =
      (interrupted->uc_mcontext.gregs[REG_CSGSFS] & ~0xffffL) | CODE_32;
}

int main(int count, char **words) {
  CHECK(count >= 2);
  printf("before\n");
  fflush(stdout);
  low = mmap((void *)0x20000000, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  CHECK(low == (char *)0x20000000);
  memcpy(low, exits, sizeof(exits));
  if (strcmp(words[1], "call") == 0) {
    int result = 20; /* getpid */
    __asm__ volatile("int $0x80" : "+a"(result)::"r8", "r9", "r10", "r11", "memory");
    return result == getpid() ? 5 : 1;
  }
  if (strcmp(words[1], "far") == 0)
    __asm__ volatile("pushq %0\n\tpush %1\n\tlretq" : : "i"(CODE_32), "r"(low) : "memory");
  if (strcmp(words[1], "frame") == 0) {
    handle(SIGUSR1, to_narrow_code, 0);
    raise(SIGUSR1);
  }
  if (strcmp(words[1], "program") == 0) execv(words[2], words + 2);
  if (strcmp(words[1], "x32") == 0) {
    const long result = syscall(X32 | SYS_getpid);
    return result == getpid() ? 6 : 7;
  }
  return 1;
}
