/*
 * Faults in the middle of translated code: what a handler sees must be what it sees natively. Addresses are told
 * relative to the case. Of the flags only CF and DF are compared: the others are dead in some cases, and hold zeros
 * under tickproof.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile uint64_t resume, start_rsp, base;
static char altstack[65536];
static const char *name;

static void handler(int sig, siginfo_t *si, void *p) {
  greg_t *g = ((ucontext_t *)p)->uc_mcontext.gregs;
  uint64_t rip = g[REG_RIP];
  if (rip >= base && rip < base + 0x400) rip -= base;
  uint64_t addr = (uint64_t)si->si_addr;
  if (addr >= base && addr < base + 0x400) addr -= base;
  long depth = (long)(g[REG_RSP] - start_rsp);
  if (depth < -4096 || depth > 4096) depth = g[REG_RSP];
  printf("%s: sig %d code %d addr %lx rip %lx rsp %+ld fl %lx", name, sig, si->si_code, addr, rip, depth,
         (unsigned long)g[REG_EFL] & 0x401);
  printf(" rax %llx rcx %llx rdx %llx rbx %llx rsi %llx rdi %llx r8 %llx r15 %llx err %llx trap %lld\n", g[REG_RAX], g[REG_RCX],
         g[REG_RDX], g[REG_RBX], g[REG_RSI], g[REG_RDI], g[REG_R8], g[REG_R15], sig == SIGSEGV ? g[REG_ERR] : 0, g[REG_TRAPNO]);
  g[REG_RIP] = resume;
  g[REG_RSP] = start_rsp;
}

#define CASE(text, body)                                                                                     \
  {                                                                                                          \
    name = text;                                                                                             \
    __asm__ volatile("leaq 9f(%%rip), %%rax; movq %%rax, %0; leaq 8f(%%rip), %%rax; movq %%rax, %2; "           \
                     "subq $256, %%rsp; movq %%rsp, %1; pushq %%rbp; popq %%rbp;"                              \
                     "movl $0x11, %%eax; movl $0x22, %%ecx; movl $0x33, %%edx; movl $0x44, %%ebx; movl $0x55, %%esi; movl $0x66, %%edi; movl $0x77, %%r8d; movl $0x88,%%r15d;" \
                     "stc; jmp 8f; .balign 16; 8: " body "; 9: addq $256, %%rsp"                                          \
                     : "=m"(resume), "=m"(start_rsp), "=m"(base)                                              \
                     : : "rax", "rcx", "rdx", "rbx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc"); \
  }

char data[64] __attribute__((aligned(64))) = {1};
int main(void) {
  stack_t ss = {.ss_sp = altstack, .ss_size = sizeof altstack};
  sigaltstack(&ss, 0);
  struct sigaction sa = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  int sigs[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  for (int i = 0; i < 5; i++) sigaction(sigs[i], &sa, 0);
  uint8_t *m = mmap((void *)0x20000000, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  munmap(m + 4096, 4096);
  for (int turn = 0; turn < 3; turn++) {
    CASE("load before the count", "xorl %%r9d, %%r9d; movq (%%rax), %%rdx; cmpq $1, %%rdx; jne 9f; ud2")
    CASE("load after the count", "cmpq (%%rax), %%rdx; jne 9f; ud2")
    CASE("load behind a dead count", "addq $1, %%rdx; movq (%%rax), %%rsi; cmpq $1, %%rdx; jne 9f; ud2")
    CASE("count that keeps flags", "movq (%%rax), %%rsi; jne 9f; jmp 9f")
    CASE("write", "xorl %%r9d,%%r9d; movq %%rax, (%%rax); test %%rdx,%%rdx; jne 9f; ud2")
    CASE("division", "xorl %%r9d, %%r9d; xorl %%edx, %%edx; divq %%r9; cmpq $1, %%rdx; jne 9f; ud2")
    CASE("ud2", "incq %%rax; ud2; cmpq $1, %%rdx; jne 9f")
    CASE("invalid", "incq %%rax; .byte 6; cmpq $1, %%rdx; jne 9f")
    CASE("int3", "incq %%rax; int3; cmpq $1, %%rdx; jne 9f")
    CASE("hlt", "incq %%rax; hlt; cmpq $1, %%rdx; jne 9f")
    CASE("non-canonical", "movq $0x8000000000000000, %%rax; movq (%%rax), %%rdx; cmpq $1, %%rdx; jne 9f")
    CASE("jmp unmapped", "movl $0x5000, %%eax; jmp *%%rax")
    CASE("jmp unmapped rcx", "movl $0x5000, %%ecx; jmp *%%rcx")
    CASE("jmp data", "leaq data(%%rip), %%rdi; jmp *%%rdi")
    CASE("call unmapped", "movl $0x5000, %%eax; call *%%rax")
    CASE("call null", "xorl %%eax, %%eax; call *%%rax")
    CASE("call bad operand", "movl $0x5000, %%ecx; call *8(%%rcx)")
    CASE("jmp bad operand", "movl $0x5000, %%ecx; jmp *8(%%rcx)")
    CASE("ret unmapped", "pushq $0x5000; ret")
    CASE("ret imm unmapped", "pushq $0; pushq $0x5000; ret $8")
    CASE("ret high", "pushq $-4096; ret")
    CASE("jmp high", "movq $-4096, %%rax; jmp *%%rax")
    CASE("ret bad stack", "movl $0x5000, %%esp; ret")
    CASE("call bad stack", "movl $0x5008, %%esp; call 9f")
    CASE("call indirect bad stack", "leaq 9f(%%rip), %%rcx; movl $0x5008, %%esp; call *%%rcx")
    CASE("push bad stack", "movl $0x5008, %%esp; pushq %%rcx; testl %%ecx, %%ecx; jne 9f")
    CASE("jcc unmapped", "testl %%eax, %%eax; .byte 0x0f, 0x85; .long 0x5000 - . - 4; ud2")
    CASE("jmp rel unmapped", "testl %%eax, %%eax; .byte 0xe9; .long 0x5000 - . - 4; ud2")
    CASE("call rel unmapped", "testl %%eax, %%eax; .byte 0xe8; .long 0x5000 - . - 4; ud2")
    CASE("loop body", "movl $10, %%edi; leaq data(%%rip), %%rsi; 1: movq (%%rsi), %%r8; addq $1, %%rsi; cmpl $7, %%edi; cmove %%rax, %%rsi; decl %%edi; jnz 1b")
    /* running off the end of executable memory */
    memset(m, 0x90, 4096);
    CASE("off the end", "movl $0x20000ff0, %%ecx; jmp *%%rcx")
    m[4095] = 0x06;
    CASE("invalid at the end", "movl $0x20000ff5, %%ecx; jmp *%%rcx")
    m[4094] = 0x0f; m[4095] = 0x0b;
    CASE("ud2 at the end", "movl $0x20000ff6, %%ecx; jmp *%%rcx")
    m[4094] = 0xf3; m[4095] = 0x06;
    CASE("prefixed invalid at the end", "movl $0x20000ff6, %%ecx; jmp *%%rcx")
    mprotect(m, 4096, PROT_READ);
    CASE("no longer executable", "movl $0x20000ff0, %%ecx; jmp *%%rcx")
    mprotect(m, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    CASE("int1", "incq %%rax; .byte 0xf1; cmpq $1, %%rdx; jne 9f")
  }
  return 0;
}
