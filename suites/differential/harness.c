/* Runs the programs of a batch one after the other, without a C library: known registers and memory before each, a hash of
 * all registers, flags and memory behind it. A fault adds its whole frame to the hash, changes the context, and lets the
 * program go on at its next block. Everything has the same address in every run. */
#include <stdint.h>

enum { READ_WRITE = 3, PAGE = 4096, DATA = 2 * PAGE, MAX_FAULTS = 12 };
enum { WRITE = 1, MPROTECT = 10, RT_SIGACTION = 13, EXIT = 60, SIGALTSTACK = 131 };
enum { SA_SIGINFO = 4, SA_RESTORER = 0x04000000, SA_ONSTACK = 0x08000000, SA_NODEFER = 0x40000000 };
/* Arithmetic flags, and DF. */
enum { FLAGS = 0xcd5 };

extern void (*const programs[])(void);
extern const uint64_t seeds[], count;
extern const char first_code[], end_of_code[];
extern void enter(void (*program)(void)), leave(void), restorer(void);

/* Used by the assembly as well; see _batch.ts. */
uint64_t initial[17], final[17], stack[1024] __attribute__((aligned(64)));
uint8_t vectors[512] __attribute__((aligned(64))), x87[128] __attribute__((aligned(64)));
uint8_t data[DATA + PAGE] __attribute__((aligned(4096)));
static uint8_t signal_stack[4 * PAGE] __attribute__((aligned(64)));
static uint64_t hash, faults, seed;

static long call(long number, long a, long b, long c, long d) {
  register long r10 __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
  return result;
}

static void mix(uint64_t value) {
  hash = (hash ^ value) * 0x100000001b3u + 0x9e3779b97f4a7c15u;
  hash ^= hash >> 29;
}

static void mix_bytes(const uint8_t *from, unsigned length) {
  for (unsigned i = 0; i + 8 <= length; i += 8) mix(*(const uint64_t *)(from + i));
}

static uint64_t random_value(void) {
  seed += 0x9e3779b97f4a7c15u;
  uint64_t value = (seed ^ (seed >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

/* struct ucontext of the kernel (asm-generic/ucontext.h, asm/sigcontext.h). */
struct context {
  uint64_t flags, link, stack[3];
  /* r8 … r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags, selectors, error, trap, oldmask, cr2. */
  uint64_t registers[23];
  uint8_t *fpstate;
};
enum { R15 = 7, RAX = 13, RSP = 15, RIP = 16, EFLAGS = 17, OLDMASK = 21 };

void on_fault(int signal, const int32_t *info, struct context *context) {
  uint64_t *registers = context->registers;
  uint8_t *vector = context->fpstate;
  mix(signal), mix(info[2]), mix(*(const uint64_t *)(info + 4));
  /* Single steps leave TF there. */
  for (int i = 0; i < 23; i++)
    if (i != OLDMASK) mix(i == EFLAGS ? registers[i] & ~0x100ul : registers[i]);
  mix(*(uint32_t *)(vector + 0) & 0xffffffff);         /* control and status */
  mix(*(uint32_t *)(vector + 24));                     /* mxcsr */
  for (int i = 0; i < 8; i++) mix_bytes(vector + 32 + 16 * i, 8), mix(*(uint16_t *)(vector + 40 + 16 * i));
  mix_bytes(vector + 160, 256);
  mix_bytes(vector + 576, 256); /* upper halves of ymm registers */
  registers[RAX] ^= 0x5555;
  registers[EFLAGS] ^= random_value() & 0x8d5;
  registers[EFLAGS] &= ~0x400ul;
  *(uint64_t *)(vector + 160 + 16) ^= 1;
  *(uint64_t *)(vector + 512) |= 2;
  registers[RSP] = (uint64_t)(stack + 512);
  const uint64_t next = registers[R15];
  const int known = next >= (uint64_t)first_code && next < (uint64_t)end_of_code;
  registers[RIP] = ++faults <= MAX_FAULTS && known ? next : (uint64_t)leave;
}

static void prepare(uint64_t of) {
  seed = of;
  hash = faults = 0;
  for (int i = 0; i < DATA / 8; i++) ((uint64_t *)data)[i] = random_value();
  /* Numbers that are worth while as floating-point ones. */
  for (int i = 0; i < 32; i++) ((uint64_t *)data)[i * 8] = (random_value() & 0x801fffffffffffff) | 0x3f00000000000000;
  for (int i = 0; i < 17; i++) initial[i] = random_value();
  for (int i = 0; i < 64; i++) ((uint64_t *)vectors)[i] = random_value();
  for (int i = 0; i < 1024; i++) stack[i] = 0;
  initial[16] &= 0x8d5;
}

static void show(uint64_t of) {
  static const char digits[] = "0123456789abcdef";
  static char line[64];
  int at = 0;
  for (int i = 15; i >= 0; i--) line[at++] = digits[(of >> (4 * i)) & 15];
  line[at++] = ' ';
  for (int i = 15; i >= 0; i--) line[at++] = digits[(hash >> (4 * i)) & 15];
  line[at++] = ' ';
  line[at++] = digits[(faults >> 4) & 15];
  line[at++] = digits[faults & 15];
  line[at++] = '\n';
  call(WRITE, 1, (long)line, at, 0);
}

void run(void) {
  const struct {
    void (*handler)(int, const int32_t *, struct context *);
    uint64_t flags;
    void (*restorer)(void);
    uint64_t mask;
  } action = {on_fault, SA_SIGINFO | SA_RESTORER | SA_ONSTACK | SA_NODEFER, restorer, 0};
  const struct {
    void *start;
    int flags;
    uint64_t size;
  } alternate = {signal_stack, 0, sizeof(signal_stack)};
  call(SIGALTSTACK, (long)&alternate, 0, 0, 0);
  static const int signals[] = {4, 5, 7, 8, 11};
  for (int i = 0; i < 5; i++) call(RT_SIGACTION, signals[i], (long)&action, 0, 8);
  call(MPROTECT, (long)data + DATA, PAGE, 0, 0);
  for (uint64_t i = 0; i < count; i++) {
    prepare(seeds[i]);
    enter(programs[i]);
    for (int r = 0; r < 17; r++) mix(r == 16 ? final[r] & FLAGS : final[r]);
    mix_bytes(vectors, sizeof(vectors));
    mix(*(uint16_t *)x87), mix(*(uint16_t *)(x87 + 4)), mix(*(uint16_t *)(x87 + 8));
    mix_bytes(x87 + 28, 80);
    mix_bytes(data, DATA);
    mix_bytes((uint8_t *)(stack + 512), 4096);
    show(seeds[i]);
  }
  call(EXIT, 0, 0, 0, 0);
}
