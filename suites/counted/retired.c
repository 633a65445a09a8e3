/**
 * Retires instructions of many kinds: compiled code, all kinds of branches, instructions that read and write memory in every
 * way; with one argument also faults, whose handlers step over what has faulted, with two all but that twice. It asks nothing of its surroundings, so
 * that it runs the same instructions under whatever counts them. No instruction repeats itself (rep): that counts as one
 * for a processor, and as many for those that step.
 */

typedef unsigned long word;

#define SIGILL 4
#define SIGSEGV 11
#define SA_SIGINFO 4
#define SA_RESTORER 0x04000000
#define SYS_rt_sigaction 13
#define SYS_getpid 39
#define SYS_exit 60

static word call(word number, word a, word b, word c, word d) {
  word result;
  register word r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}

enum { COUNT = 120 };
static word numbers[COUNT];
static word sink[4];

static void sort(long low, long high) {
  while (low < high) {
    word pivot = numbers[(low + high) / 2];
    long i = low, j = high;
    while (i <= j) {
      while (numbers[i] < pivot) i++;
      while (numbers[j] > pivot) j--;
      if (i <= j) {
        word other = numbers[i];
        numbers[i++] = numbers[j];
        numbers[j--] = other;
      }
    }
    sort(low, j);
    low = i;
  }
}

static word chosen(word which) {
  switch (which % 7) {
    case 0: return which * 3;
    case 1: return which ^ 0x55;
    case 2: return which << 2;
    case 3: return which / 5;
    case 4: return which - 9;
    default: return which;
  }
}

/* What compilers seldom make. */
void rare(word *memory, word times);
__asm__(
    ".text\n"
    "rare:\n"
    "  push %rbx\n"
    "  mov %rdi, %rbx\n"
    "  mov %rsi, %rcx\n"
    "1: loop 1b\n"                  /* a loop of one instruction */
    "  mov %rsi, %rcx\n"
    "2: dec %rcx\n"                 /* a tight loop, which is laid out several times elsewhere */
    "  jnz 2b\n"
    "  mov %rsi, %rcx\n"
    "3: jrcxz 4f\n"                 /* reads no flags, and keeps them */
    "  lea -1(%rcx), %rcx\n"
    "  jmp 3b\n"
    "4: add %rsi, (%rbx)\n"         /* reads and writes */
    "  xchg %rsi, 8(%rbx)\n"
    "  lock incq 16(%rbx)\n"
    "  cmp %rsi, (%rbx)\n"          /* reads */
    "  cmovne (%rbx), %rax\n"
    "  setne 24(%rbx)\n"            /* writes */
    "  push (%rbx)\n"               /* reads and writes */
    "  pop 8(%rbx)\n"
    "  prefetcht0 (%rbx)\n"         /* neither */
    "  nopl (%rbx)\n"
    "  lea 5(%rbx), %rax\n"
    "  pushfq\n"
    "  popfq\n"
    "  movq %xmm0, 24(%rbx)\n"
    "  movdqu (%rbx), %xmm0\n"
    "  push %rbp\n"
    "  mov %rsp, %rbp\n"
    "  leave\n"
    "  lea 5f(%rip), %rax\n"
    "  call *%rax\n"
    "  mov %rax, 8(%rbx)\n"
    "  call *8(%rbx)\n"
    "  lea 6f(%rip), %rax\n"
    "  push %rax\n"
    "  jmp *(%rsp)\n"
    "5: pushq $0\n"
    "  add $8, %rsp\n"
    "  push 0(%rsp)\n"
    "  ret $8\n"
    "6: pop %rax\n"
    "  mov %rbx, %rdi\n"
    "  mov %rbx, %rsi\n"
    "  cld\n"
    "  movsb\n"                     /* reads and writes */
    "  lodsq\n"
    "  stosq\n"
    "  jc 7f\n"                     /* conditions whose flags are set far before */
    "  jo 7f\n"
    "  jns 8f\n"
    "7: nop\n"
    "8: pop %rbx\n"
    "  ret\n");

struct registers {
  word flags, link, stack, stack_flags, stack_size, registers[23];
};
enum { RIP = 16 };

static void step_over(int signal, void *info, struct registers *context) {
  (void)info;
  word *at = &context->registers[RIP];
  sink[1] += (word)signal;
  /* The code below loads where it goes on into rbx (register 11 of the frame). */
  *at = context->registers[11];
}

void restore(void);
__asm__(".text\nrestore: mov $15, %eax\n  syscall\n");

void faults(void);
__asm__(
    ".text\n"
    "faults:\n"
    "  push %rbx\n"
    "  lea 1f(%rip), %rbx\n"
    "  xor %eax, %eax\n"
    "  nop\n"
    "  mov (%rax), %rcx\n"          /* behind others of its block */
    "  nop\n"
    "1: lea 2f(%rip), %rbx\n"
    "  ud2\n"                       /* in the middle of nothing */
    "2: lea 3f(%rip), %rbx\n"
    "  xor %eax, %eax\n"
    "  jmp *(%rax)\n"               /* ends its block */
    "3: lea 4f(%rip), %rbx\n"
    "  xor %eax, %eax\n"
    "  cmp $1, %eax\n"
    "  je 4f\n"
    "  call *(%rax)\n"
    "4: lea 5f(%rip), %rbx\n"
    "  mov $3, %ecx\n"
    "  dec %ecx\n"                  /* the branch that ends the block is counted in front of what faults */
    "  mov 1, %eax\n"
    "  jnz 5f\n"
    "5: pop %rbx\n"
    "  ret\n");

static void handle(int signal) {
  struct {
    void *handler;
    word flags;
    void *restorer;
    word mask;
  } action = {(void *)step_over, SA_SIGINFO | SA_RESTORER, (void *)restore, 0};
  call(SYS_rt_sigaction, (word)signal, (word)&action, 0, 8);
}

void start(word *stack) {
  for (int round = stack[0] == 3 ? 2 : 1; round > 0; round--) {
    for (word i = 0; i < COUNT; i++) numbers[i] = (i * 7919) % 1009;
    sort(0, COUNT - 1);
    for (word i = 0; i < COUNT; i++) sink[0] += chosen(numbers[i]);
    for (word i = 1; i < 9; i++) {
      rare(sink, i);
      call(SYS_getpid, 0, 0, 0, 0);
    }
  }
  if (stack[0] == 2) {
    handle(SIGILL);
    handle(SIGSEGV);
    for (int i = 0; i < 3; i++) faults();
  }
  call(SYS_exit, 0, 0, 0, 0);
}

__asm__(
    ".text\n"
    ".globl _start\n"
    "_start: mov %rsp, %rdi\n"
    "  and $-16, %rsp\n"
    "  call start\n");
