/* Faults with a handler: registers are mended in the frame, and pages are mapped for an instruction to be tried
 * once more. The handler runs on a stack of its own. */
#include "../tickproof.h"
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096, PAGES = 16 };
static char *area;
static unsigned mapped, skipped;

static void on_fault(int signal, siginfo_t *info, void *context) {
  ucontext_t *state = context;
  if (signal == SIGILL) {
    CHECK((greg_t)(uintptr_t)info->si_addr == state->uc_mcontext.gregs[REG_RIP]);
    state->uc_mcontext.gregs[REG_RIP] += 2; /* over the ud2 */
    skipped++;
    return;
  }
  char *page = (char *)((uintptr_t)info->si_addr & ~(uintptr_t)(PAGE - 1));
  CHECK(page >= area && page < area + PAGES * PAGE);
  CHECK(mprotect(page, PAGE, PROT_READ | PROT_WRITE) == 0);
  mapped++;
}

int main(void) {
  const stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
  uint64_t hash = 0;
  CHECK(sigaltstack(&stack, NULL) == 0);
  handle(SIGSEGV, on_fault, SA_ONSTACK);
  handle(SIGILL, on_fault, SA_ONSTACK);
  area = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(area != MAP_FAILED);
  for (int i = 0; i < PAGES * PAGE; i += 512) {
    area[i] = (char)(i >> 9);
    if (i % 3 == 0) __asm__ volatile("ud2");
    hash = mix(hash, (unsigned char)area[i]);
  }
  printf("mapped %u, skipped %u, hash %016lx\n", mapped, skipped, hash);
  CHECK(mapped == PAGES);
  return succeed();
}
