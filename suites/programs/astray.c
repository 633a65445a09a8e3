/* Programs that leave their text: branches to addresses that are none, or that nothing is at, and instructions that run into
 * a page which can't be executed. Address, code, rip, stack pointer, flags and the rest of the frame are the processor's. */
#include "../tickproof.h"
#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 0x1000 };
static sigjmp_buf back;
static uint8_t *page;
static uint64_t stack_before;
static volatile uint64_t target;

static void on_fault(int signal, siginfo_t *info, void *context) {
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const uint64_t rip = registers[REG_RIP], at = (uint64_t)info->si_addr, cr2 = registers[REG_CR2];
  const uint64_t in = rip - (uintptr_t)page;
  const char *code = in < 2 * PAGE ? "page+" : "";
  printf("signal %d code %d at %s rip %s%lx stack %ld trap %lld error %llx cr2 %s rf %d tf %d rcx %llx rax %llx\n", signal,
         info->si_code, at == 0 ? "0" : at == rip ? "rip" : at == (uintptr_t)page + PAGE ? "next page" : "elsewhere", code,
         code[0] ? in : rip, (long)(registers[REG_RSP] - stack_before), registers[REG_TRAPNO], registers[REG_ERR],
         cr2 == rip ? "rip" : cr2 == (uintptr_t)page + PAGE ? "next page" : "else", registers[REG_EFL] >> 16 & 1,
         registers[REG_EFL] >> 8 & 1, registers[REG_RCX], registers[REG_RAX]);
  fflush(stdout);
  siglongjmp(back, 1);
}

/* Runs code at page + offset: rbx is the target, and the stack has it twice, so that `ret` and `ret 8` go there too. */
static void run(const char *name, unsigned offset) {
  printf("%s: ", name);
  fflush(stdout);
  if (sigsetjmp(back, 1) != 0) return;
  __asm__ volatile(
      "push %%rbp; mov %%rsp, %%rbp; and $-16, %%rsp; lea -512(%%rsp), %%rsp; movq %%rsp, %0\n"
      "mov %1, %%rbx; push %%rbx; push %%rbx; lea 1f(%%rip), %%rdx; mov $7, %%ecx; mov $9, %%eax; cmp %%eax, %%eax; jmp *%2\n"
      "1: mov %%rbp, %%rsp; pop %%rbp"
      : "=m"(stack_before)
      : "m"(target), "r"(page + offset)
      : "rax", "rbx", "rcx", "rdx", "memory", "cc");
  puts("came back");
}

#define CODE(name, ...)                                   \
  do {                                                    \
    static const uint8_t code[] = {__VA_ARGS__};          \
    memcpy(page, code, sizeof(code));                     \
    run(name, 0);                                         \
  } while (0)

static void branches(uint64_t to) {
  printf("To %lx\n", to);
  target = to;
  memset(page, 0xcc, PAGE);
  CODE("jmp *rbx", 0xff, 0xe3);
  CODE("jmp *rcx", 0x48, 0x89, 0xd9, 0xff, 0xe1);
  CODE("jmp *rax", 0x48, 0x89, 0xd8, 0xff, 0xe0);
  CODE("jmp *memory", 0xff, 0x24, 0x24);
  CODE("call *rbx", 0xff, 0xd3);
  CODE("call *memory", 0xff, 0x54, 0x24, 0x08);
  CODE("call *rip-relative", 0x48, 0x89, 0x1d, 0x39, 0, 0, 0, 0xff, 0x15, 0x33, 0, 0, 0);
  CODE("ret", 0xc3);
  CODE("ret 8", 0xc2, 8, 0);
  CODE("rep ret", 0xf3, 0xc3);
}

/* Bytes that end with the page. */
#define AT_END(name, ...)                                                  \
  do {                                                                     \
    static const uint8_t code[] = {__VA_ARGS__};                           \
    memset(page + PAGE / 2, 0x90, PAGE / 2);                               \
    memcpy(page + PAGE - sizeof(code), code, sizeof(code));                \
    run(name, PAGE - sizeof(code) - 3);                                    \
  } while (0)

static void ends(const char *what) {
  printf("Before %s\n", what);
  target = 0;
  run("the page itself", PAGE);
  AT_END("mov", 0x48, 0xb8, 1, 2, 3);
  AT_END("jmp", 0xe9);
  AT_END("call", 0xe8, 0, 0);
  AT_END("prefix", 0x66);
  AT_END("many prefixes", 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66);
  AT_END("more than there may be", 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66);
  AT_END("int", 0xcd);
  AT_END("jmp *rdx", 0xff, 0xe2);
  AT_END("nop", 0x90);
  AT_END("hlt", 0xf4);
  AT_END("jz over nothing", 0x74, 0);
  AT_END("jnz over nothing", 0x75, 0);
  AT_END("int3", 0xcc);
}

int main(void) {
  static char stack[0x8000];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
  const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP};
  CHECK(sigaltstack(&alternate, NULL) == 0);
  for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) handle(faults[i], on_fault, SA_ONSTACK | SA_NODEFER);
  page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);

  static const uint64_t targets[] = {0x8000000000000000, 0x0000800000000000, 0xffff7fffffffffff, 0x4141414141414141,
                                     0x00007fffffffffff, 0xffff800000000000, 0xffffffffffffffff, 0,
                                     1};
  for (unsigned i = 0; i < sizeof(targets) / sizeof(*targets); i++) branches(targets[i]);

  CHECK(mprotect(page + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
  page[PAGE] = 0x9d; /* popf: a tracer's single steps must not show in the frame */
  ends("a page that can't be executed");
  CHECK(mprotect(page + PAGE, PAGE, PROT_NONE) == 0);
  ends("a page without any rights");
  CHECK(munmap(page + PAGE, PAGE) == 0);
  ends("no page");
  const int file = memfd_create("text", 0);
  CHECK(file >= 0 && ftruncate(file, PAGE) == 0);
  CHECK(mmap(page, 2 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, file, 0) == page);
  ends("the end of a file");
  CHECK(ftruncate(file, 2 * PAGE) == 0);
  memset(page + PAGE, 0xc3, 8);
  puts("When there is text at last");
  page[PAGE - 2] = 0xff, page[PAGE - 1] = 0xe2;
  run("the end of the page", PAGE - 2);
  return succeed();
}
