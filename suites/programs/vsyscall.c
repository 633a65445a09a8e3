/* Calls, jumps and reads of the vsyscall page: the kernel does what its functions did, natively, recorded and replayed. */
#include "../tickproof.h"
#include <setjmp.h>
#include <ucontext.h>

static sigjmp_buf back;

static void on_fault(int signal, siginfo_t *info, void *context) {
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  printf("signal %d code %d at %p rip %llx trap %lld error %llx\n", signal, info->si_code, info->si_addr,
         (uint64_t)registers[REG_RIP] > 0xffffffff00000000 ? registers[REG_RIP] : 0, registers[REG_TRAPNO],
         registers[REG_ERR]);
  fflush(stdout);
  siglongjmp(back, 1);
}

typedef long time_function(time_t *);
typedef long clock_function(struct timeval *, struct timezone *);
typedef long cpu_function(unsigned *, unsigned *);
#define AT(offset) (0xffffffffff600000ul + (offset))

int main(void) {
  handle(SIGSEGV, on_fault, SA_NODEFER);
  time_function *const at_time = (time_function *)AT(0x400);
  time_t now = 0;
  if (sigsetjmp(back, 1) == 0) {
    const long got = at_time(&now);
    printf("time near %d, stored %d, null %d\n", labs(got - time(NULL)) < 2, got == now, labs(at_time(NULL) - got) < 2);
  }
  if (sigsetjmp(back, 1) == 0) {
    struct timeval clock = {0};
    struct timezone zone = {9, 9};
    const long result = ((clock_function *)AT(0))(&clock, &zone);
    printf("gettimeofday %ld near %d, zone %d\n", result, labs(clock.tv_sec - time(NULL)) < 2, zone.tz_minuteswest);
  }
  if (sigsetjmp(back, 1) == 0) {
    unsigned cpu = 999, node = 999;
    printf("getcpu %ld %d %d\n", ((cpu_function *)AT(0x800))(&cpu, &node), cpu < 999, node < 999);
  }
  if (sigsetjmp(back, 1) == 0) {
    register long result __asm__("rax") = 1;
    /* A jump with a return address of its own, flags and registers kept. */
    __asm__ volatile("lea 1f(%%rip), %%rcx; push %%rcx; xor %%edi, %%edi; stc; mov $0xffffffffff600400, %%rdx; jmp *%%rdx; 1: setc %%cl"
                     : "+a"(result)
                     :
                     : "rcx", "rdx", "rdi", "cc", "memory");
    printf("jump near %d\n", labs(result - time(NULL)) < 2);
  }
  if (sigsetjmp(back, 1) == 0) printf("bad pointer %ld\n", at_time((time_t *)8));
  if (sigsetjmp(back, 1) == 0) printf("elsewhere %ld\n", ((time_function *)AT(0x10))(NULL));
  if (sigsetjmp(back, 1) == 0) printf("read %d\n", *(volatile uint8_t *)AT(0) != 0);
  for (int i = 0; i < 100; i++) at_time(&now);
  return succeed();
}
