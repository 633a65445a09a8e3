/* Code that is written while the program runs, in every way that programs do it. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/uio.h>
#include <unistd.h>

typedef int (*function)(int);

/* mov eax, value; ret */
static void emit(uint8_t *at, int value) {
  at[0] = 0xb8;
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
}
static uint8_t *map(int prot) { return mmap(0, 65536, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }
#define RWX (PROT_READ | PROT_WRITE | PROT_EXEC)

static long rewrite(int turns) {
  uint8_t *page = map(RWX);
  long sum = 0;
  for (int i = 0; i < turns; i++) {
    emit(page, i);
    sum += ((function)page)(0);
  }
  return sum;
}
static long toggle(int turns) {
  uint8_t *page = map(PROT_READ | PROT_WRITE);
  long sum = 0;
  for (int i = 0; i < turns; i++) {
    emit(page + 64 * (i % 8), i);
    mprotect(page, 4096, PROT_READ | PROT_EXEC);
    for (int k = 0; k <= i % 8; k++) if (page[64 * k]) sum += ((function)(page + 64 * k))(0);
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
  }
  return sum;
}
static long beside(int turns) {
  uint8_t *page = map(RWX);
  volatile long *data = (long *)(page + 2048);
  emit(page, 7);
  for (int i = 0; i < turns; i++) *data += ((function)page)(0);
  return *data;
}
static long remap(int turns) {
  long sum = 0;
  for (int i = 0; i < turns; i++) {
    uint8_t *page = mmap((void *)0x30000000, 4096, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    emit(page, i * 3);
    sum += ((function)page)(0);
    if (i % 2) munmap(page, 4096);
  }
  return sum;
}
/* the kernel writes code: read, readv, pread into executable pages that have been run */
static long kernel_writes(int turns) {
  uint8_t *page = map(RWX), code[16];
  int p[2];
  long sum = 0;
  pipe(p);
  for (int i = 0; i < turns; i++) {
    emit(code, i);
    write(p[1], code, 6);
    long got;
    if (i % 2) got = read(p[0], page, 6);
    else { struct iovec v[2] = {{page, 3}, {page + 3, 3}}; got = readv(p[0], v, 2); }
    sum += got * 1000 + ((function)page)(0);
  }
  return sum;
}
/* a loop that changes its own immediate, far and next to the write */
static long own_loop(void) {
  uint8_t *page = map(RWX);
  static const uint8_t code[] = {
      0x31, 0xc0,                               /* xor eax, eax */
      0x05, 1, 0, 0, 0,                         /* 1: add eax, 1 */
      0xfe, 0x05, 0xf6, 0xff, 0xff, 0xff,       /* inc byte [rip - 10]: the immediate above */
      0xff, 0xcf,                               /* dec edi */
      0x75, 0xf1,                               /* jnz 1b */
      0xc3};
  memcpy(page, code, sizeof code);
  return ((function)page)(50);
}
static long own_next(void) {
  uint8_t *page = map(RWX);
  static const uint8_t code[] = {
      0x89, 0xf8,                               /* mov eax, edi */
      0xc6, 0x05, 0x01, 0, 0, 0, 0x2a,          /* mov byte [rip + 1], 42: the immediate below */
      0x05, 1, 0, 0, 0,                         /* add eax, 1 */
      0x83, 0xf8, 5, 0x74, 1, 0x90, 0xc3};
  memcpy(page, code, sizeof code);
  return ((function)page)(100) + 1000 * ((function)page)(200);
}
/* callers of rewritten functions: direct calls between generated functions */
static long chain(int turns) {
  uint8_t *page = map(RWX);
  long sum = 0;
  uint8_t *f = page, *g = page + 8192;
  f[0] = 0x48; f[1] = 0x83; f[2] = 0xec; f[3] = 8; /* sub rsp, 8 */
  f[4] = 0xe8; int rel = (int)(g - (f + 9)); memcpy(f + 5, &rel, 4);
  f[9] = 0x48; f[10] = 0x83; f[11] = 0xc4; f[12] = 8; f[13] = 0xc3;
  for (int i = 0; i < turns; i++) {
    if (i % 4 == 0) emit(g, i);
    sum += ((function)f)(0);
  }
  return sum;
}
/* nested functions: trampolines on the stack, data all around */
static int apply(int (*f)(int), int x) { char note[32]; snprintf(note, sizeof note, "%d", x); return f(atoi(note)); }
static long nested(int turns) {
  long sum = 0;
  for (int i = 0; i < turns; i++) {
    int add(int x) { return x + i; }
    sum += apply(add, i);
  }
  return sum;
}
static long forked(void) {
  uint8_t *page = map(RWX);
  emit(page, 1);
  long sum = ((function)page)(0);
  fflush(stdout);
  pid_t pid = fork();
  emit(page, pid ? 2 : 3);
  sum = sum * 10 + ((function)page)(0);
  for (int i = 0; i < 100; i++) { emit(page, pid ? 2 : 3 + i % 2); sum += ((function)page)(0); }
  if (!pid) _exit(sum % 200);
  int status;
  waitpid(pid, &status, 0);
  return sum * 1000 + WEXITSTATUS(status);
}
/* text over the end of a page, the second page made executable later */
static long edge(void) {
  uint8_t *m = mmap((void *)0x31000000, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  emit(m + 4092, 77);
  m[4088] = 0x90; m[4089] = 0x90; m[4090] = 0x90; m[4091] = 0x90;
  emit(m, 5);
  mprotect(m, 4096, PROT_READ | PROT_EXEC);
  long sum = ((function)m)(0);
  mprotect(m + 4096, 4096, PROT_READ | PROT_EXEC);
  sum += ((function)(m + 4088))(0);
  return sum;
}
int main(int argc, char **argv) {
  int n = argc > 1 ? atoi(argv[1]) : 50;
  setvbuf(stdout, 0, _IOLBF, 0);
  printf("edge %ld\n", edge());
  printf("rewrite %ld\n", rewrite(n));
  printf("toggle %ld\n", toggle(n));
  printf("beside %ld\n", beside(n));
  printf("remap %ld\n", remap(n));
  printf("own_loop %ld\n", own_loop());
  printf("own_next %ld\n", own_next());
  printf("chain %ld\n", chain(n));
  printf("kernel_writes %ld\n", kernel_writes(n));
  printf("forked %ld\n", forked());
  printf("nested %ld\n", nested(n));
  return 0;
}
