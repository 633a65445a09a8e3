/* Handlers that change their frames, in every way: selectors, flags, addresses, masks, stacks, vector state. What comes of
 * the return is the kernel's and the processor's to say; every line is the same natively, recorded and replayed. */
#include "../tickproof.h"
#include <setjmp.h>
#include <sys/mman.h>
#include <ucontext.h>

/* sigcontext_64's view of the frame, as asm/sigcontext.h has it, which glibc hides. */
struct software_bytes {
  uint32_t magic1, extended_size;
  uint64_t xfeatures;
  uint32_t xstate_size, padding[7];
};

typedef void change(ucontext_t *state, siginfo_t *info);
static change *volatile changing;
static sigjmp_buf back;
static volatile int caught;
static char *area;

enum { SHOWN = 0xcd5 | 0x100 | 0x4000 | 0x10000 | 0x40000 };

static void on_change(int signal, siginfo_t *info, void *context) {
  (void)signal;
  changing(context, info);
}

static void on_fault(int signal, siginfo_t *info, void *context) {
  __asm__ volatile("pushf; andl $~0x44000, (%%rsp); popf" ::: "cc", "memory");
  ucontext_t *state = context;
  greg_t *registers = state->uc_mcontext.gregs;
  printf("  signal %d code %d at %s trap %lld error %llx flags %llx selectors %llx rip %s ax %llx\n", signal, info->si_code,
         info->si_addr == NULL ? "0" : (greg_t)info->si_addr == registers[REG_RIP] ? "rip" : "elsewhere",
         registers[REG_TRAPNO], registers[REG_ERR], registers[REG_EFL] & SHOWN, registers[REG_CSGSFS],
         registers[REG_RIP] < 0 ? "the kernel's" : (uint64_t)registers[REG_RIP] < 0x1000 ? "low" : "a program's",
         registers[REG_RAX] & 0xffffffff);
  fflush(stdout);
  if (++caught > 3) _exit(3);
  siglongjmp(back, 1);
}

static struct _libc_fpstate *vector_state(ucontext_t *state) { return state->uc_mcontext.fpregs; }
static struct software_bytes *software(ucontext_t *state) {
  return (struct software_bytes *)((char *)vector_state(state) + 464);
}
static uint16_t *selectors(ucontext_t *state) { return (uint16_t *)&state->uc_mcontext.gregs[REG_CSGSFS]; }

#define CHANGE(name, ...) \
  static void name(ucontext_t *state, siginfo_t *info) { \
    greg_t *registers = state->uc_mcontext.gregs; \
    (void)registers, (void)info; \
    __VA_ARGS__ \
  }
CHANGE(nothing, )
CHANGE(kernel_cs, selectors(state)[0] = 0x10;)
CHANGE(null_cs, selectors(state)[0] = 0;)
CHANGE(data_cs, selectors(state)[0] = 0x2b;)
CHANGE(missing_cs, selectors(state)[0] = 0xfff3;)
CHANGE(unprivileged_cs, selectors(state)[0] = 0x30;)
CHANGE(null_ss, selectors(state)[3] = 0;)
CHANGE(kernel_ss, selectors(state)[3] = 0x18;)
CHANGE(code_ss, selectors(state)[3] = 0x33;)
CHANGE(missing_ss, selectors(state)[3] = 0x7f8;)
CHANGE(null_ss_strict, selectors(state)[3] = 0; state->uc_flags |= 4;)
CHANGE(missing_ss_lenient, selectors(state)[3] = 0x7f8; state->uc_flags &= ~4ul;)
CHANGE(data_selectors, selectors(state)[1] = 0x10; selectors(state)[2] = 0x2b;)
CHANGE(all_flags, registers[REG_EFL] |= 0x8d5;)
CHANGE(no_flags, registers[REG_EFL] = 0;)
CHANGE(privileged_flags, registers[REG_EFL] |= 0x1b3000; registers[REG_EFL] &= ~0x200ll;)
CHANGE(nested_task, registers[REG_EFL] |= 0x4000;)
CHANGE(alignment, registers[REG_EFL] |= 0x40000;)
CHANGE(resume, registers[REG_EFL] |= 0x10000;)
CHANGE(rip_nowhere, registers[REG_RIP] = 0x10;)
CHANGE(rip_no_address, registers[REG_RIP] = 0x800000000000;)
CHANGE(rip_no_address_high, registers[REG_RIP] = (greg_t)0x8000000000000123ull;)
CHANGE(rip_kernel, registers[REG_RIP] = (greg_t)0xffffffff81000000ull;)
CHANGE(rip_data, registers[REG_RIP] = (greg_t)area;)
CHANGE(rsp_nowhere, registers[REG_RSP] = 0x18;)
CHANGE(rsp_no_address, registers[REG_RSP] = (greg_t)0x8000000000000008ull;)
CHANGE(fp_null, state->uc_mcontext.fpregs = NULL;)
CHANGE(fp_odd, state->uc_mcontext.fpregs = (void *)((char *)state->uc_mcontext.fpregs + 8);)
CHANGE(fp_nowhere, state->uc_mcontext.fpregs = (void *)0x40;)
CHANGE(fp_kernel, state->uc_mcontext.fpregs = (void *)0xffffffff81000000ul;)
CHANGE(fp_zero_area, state->uc_mcontext.fpregs = (void *)area;)
CHANGE(fp_legacy_only, software(state)->magic1 = 0;)
CHANGE(fp_wrong_size, software(state)->extended_size = 0x40;)
CHANGE(fp_no_features, software(state)->xfeatures = 0;)
CHANGE(fp_many_features, software(state)->xfeatures = ~0ul;)
CHANGE(fp_wrong_end, *(uint32_t *)((char *)vector_state(state) + software(state)->extended_size - 4) = 0;)
CHANGE(fp_header, *(uint64_t *)((char *)vector_state(state) + 512) = 0x8000000000000000ul;)
CHANGE(fp_header_reserved, ((uint64_t *)((char *)vector_state(state) + 512))[3] = 1;)
CHANGE(fp_header_none, *(uint64_t *)((char *)vector_state(state) + 512) = 0;)
CHANGE(fp_mxcsr, vector_state(state)->mxcsr = 0xffffffff;)
CHANGE(fp_values, vector_state(state)->_xmm[15].element[0] = 77; vector_state(state)->cwd = 0x27f;
       vector_state(state)->mxcsr = 0x3f80; *(uint64_t *)((char *)vector_state(state) + 512) |= 3;)
CHANGE(mask_all, sigfillset(&state->uc_sigmask);)
CHANGE(mask_usr2, sigaddset(&state->uc_sigmask, SIGUSR2);)
CHANGE(stack_odd, state->uc_stack.ss_size = 1;)
CHANGE(stack_flags, state->uc_stack.ss_flags = 77;)
CHANGE(stack_disabled, state->uc_stack.ss_flags = SS_DISABLE;)
CHANGE(stack_moved, state->uc_stack.ss_sp = area; state->uc_stack.ss_size = 0x4000; state->uc_stack.ss_flags = 0;)
CHANGE(context_flags, state->uc_flags = 0;)
CHANGE(context_flags_all, state->uc_flags = ~0ul;)
CHANGE(shown_registers, registers[REG_ERR] = 5; registers[REG_TRAPNO] = 99; registers[REG_CR2] = 12; registers[REG_OLDMASK] = 3;)
CHANGE(information, memset(info, 0xee, sizeof(*info));)

static const struct {
  const char *name;
  change *apply;
} changes[] = {
#define ENTRY(name) {#name, name}
    ENTRY(nothing), ENTRY(kernel_cs), ENTRY(null_cs), ENTRY(data_cs), ENTRY(missing_cs), ENTRY(unprivileged_cs),
    ENTRY(null_ss), ENTRY(kernel_ss), ENTRY(code_ss), ENTRY(missing_ss), ENTRY(null_ss_strict), ENTRY(missing_ss_lenient),
    ENTRY(data_selectors), ENTRY(all_flags), ENTRY(no_flags), ENTRY(privileged_flags), ENTRY(nested_task),
    ENTRY(alignment), ENTRY(resume), ENTRY(rip_nowhere), ENTRY(rip_no_address), ENTRY(rip_no_address_high),
    ENTRY(rip_kernel), ENTRY(rip_data), ENTRY(rsp_nowhere), ENTRY(rsp_no_address), ENTRY(fp_null), ENTRY(fp_odd),
    ENTRY(fp_nowhere), ENTRY(fp_kernel), ENTRY(fp_zero_area), ENTRY(fp_legacy_only), ENTRY(fp_wrong_size),
    ENTRY(fp_no_features), ENTRY(fp_many_features), ENTRY(fp_wrong_end), ENTRY(fp_header), ENTRY(fp_header_reserved),
    ENTRY(fp_header_none), ENTRY(fp_mxcsr), ENTRY(fp_values), ENTRY(mask_all), ENTRY(mask_usr2), ENTRY(stack_odd),
    ENTRY(stack_flags), ENTRY(stack_disabled), ENTRY(stack_moved), ENTRY(context_flags), ENTRY(context_flags_all),
    ENTRY(shown_registers), ENTRY(information),
};

/* Registers and flags behind the return of a handler. */
static void show(uint64_t flags) {
  uint16_t cs, ss, ds, fs, gs, control;
  uint32_t mxcsr;
  uint64_t high;
  __asm__ volatile("mov %%cs, %0; mov %%ss, %1; mov %%ds, %2; mov %%fs, %3; mov %%gs, %4"
                   : "=r"(cs), "=r"(ss), "=r"(ds), "=r"(fs), "=r"(gs));
  __asm__ volatile("stmxcsr %0; fnstcw %1; movq %%xmm15, %2" : "=m"(mxcsr), "=m"(control), "=r"(high));
  sigset_t mask;
  stack_t stack;
  sigprocmask(SIG_SETMASK, NULL, &mask);
  sigaltstack(NULL, &stack);
  printf("  back: flags %lx cs %x ss %x ds %x fs %x gs %x mxcsr %x control %x xmm15 %lx mask %lx stack %d %zx\n",
         flags & (SHOWN & ~0x10000), cs, ss, ds, fs, gs, mxcsr, control, high, mask.__val[0], stack.ss_flags, stack.ss_size);
  fflush(stdout);
}

/* Raises SIGUSR1 with the stack aligned, flags and xmm15 known, and takes the flags right behind the call. */
static uint64_t raised(pid_t pid, pid_t tid) {
  uint64_t flags;
  register uint64_t number __asm__("rax") = SYS_tgkill;
  __asm__ volatile("mov $0x1234, %%ecx; movq %%rcx, %%xmm15; cmp %%eax, %%eax; stc; syscall; pushf; pop %1;"
                   "pushf; andl $~0x44000, (%%rsp); popf"
                   : "+r"(number), "=&r"(flags)
                   : "D"(pid), "S"(tid), "d"(SIGUSR1)
                   : "rcx", "r11", "xmm15", "cc", "memory");
  return flags;
}

int main(void) {
  static char stack[0x8000];
  const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof(stack)};
  const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE};
  handle(SIGUSR1, on_change, SA_ONSTACK);
  for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) handle(faults[i], on_fault, SA_ONSTACK | SA_NODEFER);
  area = mmap(NULL, 0x8000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(area != MAP_FAILED);
  sigset_t none;
  sigemptyset(&none);
  const pid_t pid = getpid();
  for (unsigned i = 0; i < sizeof(changes) / sizeof(*changes); i++) {
    const uint32_t mxcsr = 0x1f80;
    printf("%s\n", changes[i].name);
    fflush(stdout);
    changing = changes[i].apply;
    caught = 0;
    CHECK(sigaltstack(&alternate, NULL) == 0);
    if (sigsetjmp(back, 1) == 0) show(raised(pid, pid));
    __asm__ volatile("fninit; ldmxcsr %0" ::"m"(mxcsr));
    CHECK(sigprocmask(SIG_SETMASK, &none, NULL) == 0);
  }
  return succeed();
}
