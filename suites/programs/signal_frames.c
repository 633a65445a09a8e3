/* What the kernel says in the frame of every kind of signal: trap number, error code, address, flags (RF too), and what
 * an earlier fault has left there. Every line is the same natively, recorded and replayed. */
#include "../tickproof.h"
#include <fenv.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>

static volatile int caught;
static const char *label;
static char *area;
static uintptr_t origin;

/* Arithmetic flags but AF, and TF, DF, NT, RF, AC. */
enum { SHOWN = 0x8c5 | 0x100 | 0x400 | 0x4000 | 0x10000 | 0x40000 };

static long relative(uint64_t address, uintptr_t base) {
  return address - base < 0x100000 ? (long)(address - base) : -1;
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  /* The kernel leaves AC and NT as they are: the C library could not go on. */
  __asm__ volatile("pushf; andl $~0x44000, (%%rsp); popf" ::: "cc", "memory");
  const int sent = signal == SIGUSR1 || signal == SIGUSR2 || signal == SIGALRM;
  ucontext_t *state = context;
  greg_t *registers = state->uc_mcontext.gregs;
  const uint64_t rip = registers[REG_RIP], cr2 = registers[REG_CR2], at = (uint64_t)info->si_addr;
  printf("%s: signal %d code %d", label, signal, info->si_code);
  if (!sent) {
    if (at == rip) printf(" at rip");
    else if (relative(at, (uintptr_t)area) >= 0) printf(" at area+%ld", relative(at, (uintptr_t)area));
    else printf(" at %lx", at);
    /* Relative to the end of what was tried. */
    const long distance = (long)(rip - origin);
    if (distance > -256 && distance < 256) printf(" rip %+ld", distance);
    else printf(" rip %s", rip == cr2 ? "cr2" : "elsewhere");
  }
  printf(" trap %lld error %llx", registers[REG_TRAPNO], registers[REG_ERR]);
  if (relative(cr2, (uintptr_t)area) >= 0) printf(" cr2 area+%ld", relative(cr2, (uintptr_t)area));
  else if (cr2 == rip) printf(" cr2 rip");
  else printf(" cr2 %lx", cr2);
  printf(" flags %llx selectors %llx\n", registers[REG_EFL] & SHOWN, registers[REG_CSGSFS]);
  fflush(stdout);
  caught++;
  if (!sent) {
    registers[REG_RIP] = registers[REG_R14];
    registers[REG_RSP] = registers[REG_R15];
    registers[REG_EFL] &= ~(0x40000 | 0x4000 | 0x400);
    state->uc_mcontext.fpregs->mxcsr = 0x1f80;
    state->uc_mcontext.fpregs->cwd = 0x37f;
    state->uc_mcontext.fpregs->swd = 0;
  }
}

/* Does something that faults, with known flags, and goes on behind it whatever happens. */
#define FAULT(name, code, ...)                                                                          \
  do {                                                                                                  \
    label = name;                                                                                       \
    const int before = caught;                                                                          \
    __asm__ volatile("lea 9f(%%rip), %%r14; mov %%rsp, %%r15; lea 8f(%%rip), %%rax; mov %%rax, %0\n"    \
                     "mov $0x80, %%eax; cmp $0x80, %%al; stc; " code "\n 8: nop\n 9:"                   \
                     : "=m"(origin)                                                                     \
                     : __VA_ARGS__                                                                      \
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r12", "r13", "r14", "r15", "cc", "memory"); \
    if (caught == before) printf("%s: no signal\n", name), fflush(stdout);                              \
  } while (0)

static void sent(const char *name) {
  label = name;
  raise(SIGUSR1);
  const union sigval value = {.sival_int = 7};
  pthread_sigqueue(pthread_self(), SIGUSR2, value);
}

static void *in_thread(void *unused) {
  (void)unused;
  sent("a thread inherits");
  FAULT("a thread's own", "1: mov 0x321, %%eax", "m"(area));
  return NULL;
}

int main(void) {
  static char stack[0x4000];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
  CHECK(sigaltstack(&alternate, NULL) == 0);
  const int signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGUSR1, SIGUSR2, SIGALRM};
  for (unsigned i = 0; i < sizeof(signals) / sizeof(*signals); i++) handle(signals[i], on_signal, SA_ONSTACK);
  area = mmap(NULL, 0x4000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(area != MAP_FAILED);
  CHECK(mprotect(area + 0x1000, 0x1000, PROT_READ) == 0 && munmap(area + 0x2000, 0x2000) == 0);
  sent("before any fault");
  FAULT("read of nothing", "mov 0x123, %%eax", "m"(area));
  sent("after a read");
  FAULT("write to what may be read", "mov %1, %%rdi; movl $1, 0x1008(%%rdi)", "m"(area));
  FAULT("write behind the end", "mov %1, %%rdi; movl $1, 0x1fff(%%rdi)", "m"(area));
  FAULT("read behind the end", "mov %1, %%rdi; cmpq $1, 0x2008(%%rdi); je 8f; nop", "m"(area));
  FAULT("a comparison that a branch follows", "cmpq $1, 0x8; je 9f; jc 9f; nop", "m"(area));
  FAULT("a sum that a branch follows", "xor %%ebx, %%ebx; add 0x8, %%rbx; jz 9f", "m"(area));
  FAULT("a call without a stack", "xor %%esp, %%esp; call 8f", "m"(area));
  FAULT("a return without a stack", "xor %%esp, %%esp; ret", "m"(area));
  FAULT("execution of data", "mov %1, %%rdi; jmp *%%rdi", "m"(area));
  FAULT("execution of nothing", "mov %1, %%rdi; add $0x2000, %%rdi; call *%%rdi", "m"(area));
  FAULT("execution of zero", "xor %%edi, %%edi; jmp *%%rdi", "m"(area));
  FAULT("read of the kernel's", "mov $0xffff888000000000, %%rdi; mov (%%rdi), %%eax", "m"(area));
  FAULT("execution of the kernel's", "mov $0xffff888000000123, %%rdi; jmp *%%rdi", "m"(area));
  FAULT("read of no address", "mov $0x8000000000001234, %%rdi; mov (%%rdi), %%eax", "m"(area));
  sent("after no address");
  FAULT("hlt", "hlt", "m"(area));
  FAULT("in", "in $0x70, %%al", "m"(area));
  FAULT("cli", "cli", "m"(area));
  FAULT("int 0x29", "int $0x29", "m"(area));
  FAULT("int 4", "int $4", "m"(area));
  FAULT("int 4 before a branch", "int $4; je 9f", "m"(area));
  FAULT("int 1", "int $1", "m"(area));
  FAULT("a selector that is none", "mov $0x50, %%ecx; mov %%ecx, %%ss", "m"(area));
  FAULT("ud2", "ud2", "m"(area));
  sent("after ud2");
  FAULT("ud2 with flags", "xor %%ebx, %%ebx; ud2", "m"(area));
  FAULT("division by zero", "xor %%ecx, %%ecx; xor %%edx, %%edx; stc; div %%ecx", "m"(area));
  sent("after a division");
  FAULT("division overflow", "mov $-1, %%edx; mov $2, %%ecx; div %%ecx; jc 9f", "m"(area));
  FAULT("int3", "int3", "m"(area));
  FAULT("int 3", ".byte 0xcd, 3", "m"(area));
  FAULT("icebp", ".byte 0xf1", "m"(area));
  FAULT("icebp before a branch", ".byte 0xf1; je 9f; nop", "m"(area));
  sent("after icebp");
  FAULT("alignment",
        "pushf; orl $0x40000, (%%rsp); mov %1, %%rdi; popf; mov 1(%%rdi), %%eax", "m"(area));
  FAULT("direction", "std; mov 0x77, %%eax", "m"(area));
  FAULT("nested task", "pushf; orl $0x4000, (%%rsp); popf; mov 0x78, %%eax", "m"(area));
  FAULT("a copy that comes to an end", "cld; mov %1, %%rdi; add $0x1ff8, %%rdi; mov %%rdi, %%rsi; lea -64(%%rdi), %%rsi;"
        "sub $0x1000, %%rsi; mov $64, %%ecx; sub $0x1000, %%rdi; add $0x1000, %%rdi; rep lodsb; add $0x1000, %%rsi;"
        "mov %1, %%rsi; add $0x1ff0, %%rsi; mov $64, %%ecx; rep lodsb", "m"(area));
  const unsigned unmasked = 0x1f80 & ~0x200u;
  FAULT("a division of floats", "ldmxcsr %1; pxor %%xmm0, %%xmm0; mov $1, %%eax; cvtsi2sd %%eax, %%xmm1;"
        "divsd %%xmm0, %%xmm1", "m"(unmasked));
  const unsigned short control = 0x37f & ~4;
  FAULT("a division of x87", "fldcw %1; fld1; fldz; fdivrp; fwait", "m"(control));
  label = "timer";
  const int before = caught;
  const struct itimerval soon = {.it_value = {0, 2000}};
  CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  while (caught == before) __asm__ volatile("nop");
  FAULT("one more read", "mov 0x456, %%eax", "m"(area));
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
  sent("the thread's are its own");
  const pid_t child = fork();
  if (child == 0) {
    sent("a child inherits");
    _exit(0);
  }
  int status = 0;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return succeed();
}
