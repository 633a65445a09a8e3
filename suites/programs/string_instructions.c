/* rep movs, stos, scas and cmps: both directions, no turns at all, and what they leave in their registers. */
#include "../tickproof.h"

static unsigned char from[300], to[300];

int main(void) {
  for (int at = 0; at < 300; at++) from[at] = (unsigned char)(at * 37);
  void *si = from, *di = to;
  unsigned long count = 200;
  __asm__ volatile("rep movsb" : "+S"(si), "+D"(di), "+c"(count)::"memory");
  CHECK(count == 0 && si == from + 200 && di == to + 200 && memcmp(from, to, 200) == 0);
  di = to;
  count = 0;
  __asm__ volatile("rep stosb" : "+D"(di), "+c"(count) : "a"(1) : "memory");
  CHECK(di == to && to[0] == from[0]);
  count = 10;
  __asm__ volatile("rep stosq" : "+D"(di), "+c"(count) : "a"(0x0101010101010101) : "memory");
  CHECK(di == to + 80 && to[79] == 1 && to[80] == from[80]);
  /* Downwards, onto itself. */
  si = from + 249, di = from + 259, count = 250;
  __asm__ volatile("std\n\trep movsb\n\tcld" : "+S"(si), "+D"(di), "+c"(count)::"memory");
  CHECK(si == from - 1 && from[10] == 0 && from[259] == (unsigned char)(249 * 37));
  di = to, count = 300;
  __asm__ volatile("repe scasb" : "+D"(di), "+c"(count) : "a"(1) : "cc");
  CHECK(di == to + 81 && count == 219);
  di = to, count = 300;
  __asm__ volatile("repne scasb" : "+D"(di), "+c"(count) : "a"(to[90]) : "cc");
  CHECK((unsigned char *)di - to == 300 - (long)count && ((unsigned char *)di)[-1] == to[90]);
  unsigned char other[300];
  memcpy(other, to, sizeof(other));
  other[123]++;
  si = to, di = other, count = 300;
  __asm__ volatile("repe cmpsb" : "+S"(si), "+D"(di), "+c"(count)::"cc", "memory");
  CHECK(si == to + 124 && count == 176);
  return succeed();
}
