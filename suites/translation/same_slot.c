/* Calls a function of the program and one that it writes itself, whose addresses have the same low 16 bits, in turn:
   both are looked up in one slot. The second time it has been changed. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

__attribute__((noinline)) static int own(int n) {
  __asm__ volatile("");
  return n + 1;
}

int main(void) {
  uintptr_t low = (uintptr_t)own & 0xffff;
  unsigned char *memory = mmap((void *)0x30000000, 0x20000, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (memory == MAP_FAILED) return 1;
  unsigned char *written = memory + low;
  /* lea eax, [rdi + 10]; ret */
  memcpy(written, "\x8d\x47\x0a\xc3", 4);
  int (*volatile functions[2])(int) = {own, (int (*)(int))(uintptr_t)written};
  int sum = 0;
  for (int i = 0; i < 1000; i++) sum = functions[i & 1](sum) & 0xffffff;
  printf("%d\n", sum);
  written[2] = 100;
  for (int i = 0; i < 1000; i++) sum = functions[i & 1](sum) & 0xffffff;
  printf("%d\n", sum);
  return 0;
}
