/* loop, loope, loopne and jrcxz: branches that count by themselves, taken and not taken. */
#include "../tickproof.h"

static unsigned long turns_of_loop(unsigned long count) {
  unsigned long turns = 0;
  __asm__ volatile("jrcxz 2f\n1:\tincq %0\n\tloop 1b\n2:" : "+r"(turns), "+c"(count)::"cc");
  CHECK(count == 0);
  return turns;
}

static unsigned long turns_while_equal(const unsigned char *bytes, unsigned long count, unsigned char value) {
  unsigned long turns = 0;
  __asm__ volatile("1:\tincq %0\n\tcmpb %3, -1(%2,%0)\n\tloope 1b"
                   : "+r"(turns), "+c"(count)
                   : "r"(bytes), "q"(value)
                   : "cc", "memory");
  return turns;
}

static unsigned long turns_until_equal(const unsigned char *bytes, unsigned long count, unsigned char value) {
  unsigned long turns = 0;
  __asm__ volatile("1:\tincq %0\n\tcmpb %3, -1(%2,%0)\n\tloopne 1b"
                   : "+r"(turns), "+c"(count)
                   : "r"(bytes), "q"(value)
                   : "cc", "memory");
  return turns;
}

int main(void) {
  CHECK(turns_of_loop(0) == 0 && turns_of_loop(1) == 1 && turns_of_loop(100000) == 100000);
  unsigned char bytes[64] = {0};
  bytes[40] = 7;
  CHECK(turns_while_equal(bytes, 64, 0) == 41);
  CHECK(turns_while_equal(bytes, 30, 0) == 30);
  CHECK(turns_until_equal(bytes, 64, 7) == 41);
  CHECK(turns_until_equal(bytes, 64, 9) == 64);
  return succeed();
}
