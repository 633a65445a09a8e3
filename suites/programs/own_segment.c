/* modify_ldt: a segment of the program's own, through which it reads a value at an offset. */
#include "../tickproof.h"

#include <asm/ldt.h>
#include <errno.h>
#include <sys/mman.h>

/* Selector of entry 0 of the local table, for user code. */
enum { SELECTOR = 7 };

int main(void) {
  /* A segment's base has 32 bits. */
  uint32_t *values = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  CHECK(values != MAP_FAILED);
  values[3] = 0x1234567;
  struct user_desc segment = {.limit = 4095, .seg_32bit = 1, .useable = 1};
  segment.base_addr = (uint32_t)(uintptr_t)values;
  if (syscall(SYS_modify_ldt, 1, &segment, sizeof(segment)) != 0) {
    CHECK(errno == ENOSYS);
    return succeed();
  }
  uint32_t found;
  __asm__ volatile("mov %1, %%gs\n\tmovl %%gs:12, %0" : "=r"(found) : "r"(SELECTOR));
  CHECK(found == 0x1234567);
  return succeed();
}
