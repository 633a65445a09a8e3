/* cpuid and rdtsc, many times: what they write, and what they leave alone, also with signals, threads and children. Says
   nothing that differs between runs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct answer {
  uint64_t eax, ebx, ecx, edx;
};

static struct answer ask(uint64_t leaf, uint64_t subleaf) {
  struct answer is = {leaf, -1, subleaf, -1};
  __asm__ volatile("cpuid" : "+a"(is.eax), "=b"(is.ebx), "+c"(is.ecx), "=d"(is.edx));
  return is;
}

static uint64_t stamp(void) {
  uint64_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return low | high << 32;
}

/* 0 if an instruction leaves alone what it does not write: registers, flags, the red zone. */
#define KEEPS(name, instruction, rbx, rcx) \
  long name(long leaf); \
  __asm__(".text\n" #name ":\n" \
          " push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n" \
          " mov %rdi, %rax\n mov $1, %edi\n mov $2, %esi\n mov $3, %r10d\n mov $4, %r8d\n mov $5, %r9d\n mov $6, %r11d\n" \
          " mov $7, %ebp\n mov $8, %r12d\n mov $9, %r13d\n mov $10, %r14d\n mov $11, %r15d\n mov $12, %ebx\n xor %ecx, %ecx\n" \
          " movq $13, -16(%rsp)\n movq $14, -128(%rsp)\n" \
          " std\n stc\n " instruction "\n pushfq\n cld\n pop %rax\n" \
          " and $0xcd5, %eax\n cmp $0x401, %eax\n je 1f\n cmp $0x411, %eax\n je 1f\n cmp $0x445, %eax\n jne 2f\n1:" \
          " cmp $1, %rdi\n jne 2f\n cmp $2, %rsi\n jne 2f\n cmp $3, %r10\n jne 2f\n cmp $4, %r8\n jne 2f\n" \
          " cmp $5, %r9\n jne 2f\n cmp $6, %r11\n jne 2f\n cmp $7, %rbp\n jne 2f\n cmp $8, %r12\n jne 2f\n" \
          " cmp $9, %r13\n jne 2f\n cmp $10, %r14\n jne 2f\n cmp $11, %r15\n jne 2f\n" rbx rcx \
          " cmpq $14, -128(%rsp)\n jne 2f\n xor %eax, %eax\n jmp 3f\n2: mov $1, %eax\n" \
          "3: pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n")
KEEPS(cpuid_loses, "cpuid", "", "");
KEEPS(rdtsc_loses, "rdtsc", " cmp $12, %rbx\n jne 2f\n", " cmp $0, %rcx\n jne 2f\n");

static volatile int signals;
static void caught(int signal) { signals += signal == SIGALRM && ask(0, 0).eax > 0; }

static long wrong;

static void *asks(void *argument) {
  struct answer vendor = ask(0, 0);
  uint64_t last = 0;
  for (int i = 0; i < 600; i++) {
    uint64_t leaf = i % 3 ? 0 : 0x80000000;
    struct answer now = ask(leaf, 0);
    if (leaf == 0) __sync_fetch_and_add(&wrong, memcmp(&now, &vendor, sizeof now) != 0);
    uint64_t time = stamp();
    __sync_fetch_and_add(&wrong, time < last);
    last = time;
    if (i % 200 == 0) sched_yield();
  }
  return argument;
}

int main(void) {
  signal(SIGALRM, caught);
  /* Upper halves are none of its business, and are cleared. */
  struct answer low = ask(1, 0), high = ask(0xffffffff00000001, 0xffffffff00000000);
  printf("halves: %d\n", low.eax == high.eax && low.edx == high.edx && high.ecx >> 32 == 0 && high.ebx >> 32 == 0);
  for (int i = 0; i < 3; i++) printf("lost: %ld %ld\n", cpuid_loses(0), rdtsc_loses(0));
  /* More questions than anybody keeps answers for. */
  uint64_t sums[2] = {0, 0};
  for (int round = 0; round < 2; round++)
    for (uint64_t subleaf = 0; subleaf < 200; subleaf++) sums[round] += ask(0x80000000, subleaf).eax;
  printf("many: %d\n", sums[0] == sums[1]);
  struct answer features = ask(7, 0);
  printf("hidden: %d %d\n", (int)(features.ebx >> 11 & 1), (int)(features.edx >> 24 & 1));
  pthread_t threads[3];
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, asks, 0);
  for (int i = 0; i < 3; i++) pthread_join(threads[i], 0);
  ualarm(5000, 5000);
  while (signals < 5) {
    for (volatile int i = 0; i < 200; i++);
    stamp();
  }
  ualarm(0, 0);
  printf("wrong: %ld\n", wrong);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    /* Whoever goes to a processor of its choice asks that one. */
    cpu_set_t one;
    sched_getaffinity(0, sizeof one, &one);
    sched_setaffinity(0, sizeof one, &one);
    _exit(ask(0, 0).eax > 0 ? 7 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  printf("child: %d\n", WEXITSTATUS(status));
  return 3;
}
