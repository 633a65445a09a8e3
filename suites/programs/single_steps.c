/* A program that single-steps itself by the trap flag: where each SIGTRAP comes, what its frame says, and what becomes of the
 * flag in handlers, system calls, string instructions, faults, new tasks and new programs. */
#include "../tickproof.h"
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

extern char start[];
static char told[8192];
static int length;
static __thread long count;

static void on_trap(int signal, siginfo_t *info, void *context) {
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const long at = registers[REG_RIP] - (long)start;
  (void)signal;
  count++;
  if (at < 0 || at > 4096 || length > (int)sizeof(told) - 100) return;
  length += snprintf(told + length, 100, " %lx%s", at, (long)info->si_addr == registers[REG_RIP] ? "" : "!");
  if (info->si_code != TRAP_TRACE || registers[REG_TRAPNO] != 1 || registers[REG_ERR] != 0)
    length += snprintf(told + length, 100, "(code %d trap %lld)", info->si_code, registers[REG_TRAPNO]);
  if ((registers[REG_EFL] & 0x10100) != 0x100) length += snprintf(told + length, 20, "(%llx)", registers[REG_EFL] & 0x10100);
}

static void set_flag(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info;
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] |= 0x100;
}

static void look(int signal, siginfo_t *info, void *context) {
  unsigned long flags;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  __asm__ volatile("pushf; pop %0" : "=r"(flags));
  (void)info;
  length += snprintf(told + length, 100, " [signal %d, tf %lu, in its frame %lld]", signal, flags >> 8 & 1, registers[REG_EFL] >> 8 & 1);
  if (signal != SIGUSR2) registers[REG_RIP] += 2;
}

static void tell(const char *what) {
  printf("%s: %ld:%s\n", what, count, told);
  fflush(stdout);
  count = length = told[0] = 0;
}

#define ON "lea -128(%%rsp), %%rsp; pushf; orl $0x100, (%%rsp); popf; "
#define OFF "; pushf; andl $~0x100, (%%rsp); popf; lea 128(%%rsp), %%rsp; nop"
#define STEP(name, code, rdi, rsi)                                                         \
  do {                                                                                     \
    unsigned long first = (unsigned long)(rdi), second = (unsigned long)(rsi);             \
    __asm__ volatile(ON code OFF                                                           \
                     : "+D"(first), "+S"(second)                                           \
                     :                                                                     \
                     : "rax", "rbx", "rcx", "rdx", "r11", "cc", "memory");                 \
    tell(name);                                                                            \
  } while (0)
#define STEPS_ON() __asm__ volatile(ON "lea 128(%%rsp), %%rsp" : : : "cc", "memory")
#define STEPS_OFF() __asm__ volatile("lea -128(%%rsp), %%rsp" OFF : : : "cc", "memory")

static void *thread(void *argument) {
  STEPS_ON();
  for (volatile int i = 0; i < 20; i++) continue;
  STEPS_OFF();
  return argument == NULL ? (void *)count : NULL;
}

static void end_of(const char *what, void (*prepare)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    prepare();
    STEPS_ON();
    execl("/bin/sh", "sh", "-c", "echo another program", (char *)NULL);
    _exit(3);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  printf("%s: %x\n", what, status & ~0x80);
  fflush(stdout);
}

static void nothing(void) {}
static void take_default(void) { signal(SIGTRAP, SIG_DFL); }
static void ignore(void) { signal(SIGTRAP, SIG_IGN); }
static void block(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTRAP);
  sigprocmask(SIG_BLOCK, &set, NULL);
}

int main(void) {
  static char from[16] = "abcdefgh", to[16];
  handle(SIGTRAP, on_trap, 0);
  handle(SIGUSR1, set_flag, 0);
  handle(SIGUSR2, look, 0);
  handle(SIGFPE, look, 0);
  handle(SIGSEGV, look, 0);
  __asm__ volatile(".globl start\nstart:");
  STEP("plain", "mov $1, %%eax; add $2, %%eax; nop", 0, 0);
  STEP("flags are seen", "pushf; pop %%rax; and $0x100, %%eax; shr $8, %%eax; mov %%eax, %%ecx; jrcxz 1f; nop; 1:", 0, 0);
  STEP("branches", "mov $3, %%ecx; 1: dec %%ecx; jnz 1b; jmp 2f; nop; 2: call 3f; jmp 4f; 3: ret; 4: loop 5f; nop; 5:", 0, 0);
  STEP("indirect", "lea 2f(%%rip), %%rax; jmp *%%rax; nop; 2: push %%rax; lea 3f(%%rip), %%rdx; push %%rdx; ret $8; 3: lea 4f(%%rip), %%rax; call *%%rax; 4: pop %%rax", 0, 0);
  STEP("strings", "mov $4, %%ecx; rep movsb; rep movsb; mov $1, %%ecx; rep stosb", to, from);
  STEP("system calls", "mov $39, %%eax; syscall; nop; mov $39, %%eax; syscall", 0, 0);
  STEP("emulated", "xor %%eax, %%eax; cpuid; rdtsc; nop", 0, 0);
  STEP("stack segment", "mov %%ss, %%eax; mov %%eax, %%ss; nop; nop", 0, 0);
  STEP("int3", "int3; nop", 0, 0);
  STEP("a signal", "mov $12, %%esi; mov $62, %%eax; syscall; nop", getpid(), 0);
  STEP("division", "xor %%ecx, %%ecx; xor %%edx, %%edx; div %%ecx; nop", 0, 0);
  STEP("fault", "xor %%ecx, %%ecx; mov (%%rcx), %%eax; nop", 0, 0);
  __asm__ volatile("lea -128(%%rsp), %%rsp; mov $10, %%esi; mov $62, %%eax; syscall; nop; nop" OFF : : "D"(getpid()) : "rax", "rsi", "rcx", "r11", "cc", "memory");
  tell("set in a frame");
  __asm__ volatile("lea -128(%%rsp), %%rsp; mov %%ss, %%eax; push %%rax; lea 8(%%rsp), %%rax; push %%rax; pushf; orl $0x100, (%%rsp);"
                   "mov %%cs, %%eax; push %%rax; lea 1f(%%rip), %%rax; push %%rax; iretq; nop; 1: nop; nop" OFF : : : "rax", "cc", "memory");
  tell("set by iret");

  STEPS_ON();
  usleep(1000);
  STEPS_OFF();
  printf("through the C library: %d\n", count > 10);
  count = 0;
  pthread_t other;
  void *steps;
  CHECK(pthread_create(&other, NULL, thread, NULL) == 0 && pthread_join(other, &steps) == 0);
  printf("a thread: %ld, this one: %ld\n", (long)steps, count);
  uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(code != MAP_FAILED);
  for (int end = 20; end > 0; end -= 15) {
    memset(code, 0x90, 64);
    code[end] = 0xc3;
    count = 0;
    STEPS_ON();
    ((void (*)(void))code)();
    STEPS_OFF();
    printf("code of %d bytes: %ld\n", end, count);
  }
  fflush(stdout);
  count = 0;
  STEPS_ON();
  const pid_t child = syscall(SYS_fork);
  STEPS_OFF();
  if (child == 0) {
    printf("a child: %ld\n", count);
    fflush(stdout);
    _exit(0);
  }
  CHECK(waitpid(child, NULL, 0) == child);
  printf("its parent: %ld\n", count);
  end_of("another program", nothing);
  end_of("without a handler", take_default);
  end_of("ignored", ignore);
  end_of("blocked", block);
  return succeed();
}
