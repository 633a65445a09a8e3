/* rdtsc, rdtscp and cpuid: time does not go back, and the processor says the same of itself each time. */
#include "../tickproof.h"

#include <cpuid.h>
#include <x86intrin.h>

int main(void) {
  uint64_t before = __rdtsc(), hash = 0;
  for (int turn = 0; turn < 1000; turn++) {
    unsigned int processor;
    const uint64_t now = turn % 2 ? __rdtsc() : __rdtscp(&processor);
    CHECK(now >= before);
    hash = mix(hash, now - before);
    before = now;
  }
  unsigned int a, b, c, d, highest = __get_cpuid_max(0, NULL);
  CHECK(highest >= 1 && __get_cpuid(0, &a, &b, &c, &d) && a == highest);
  uint64_t first = 0, second = 0;
  for (unsigned int leaf = 0; leaf <= 7 && leaf <= highest; leaf++) {
    __cpuid_count(leaf, 0, a, b, c, d);
    first = mix(first, leaf == 1 ? d : a);
    __cpuid_count(leaf, 0, a, b, c, d);
    second = mix(second, leaf == 1 ? d : a);
  }
  CHECK(first == second);
  printf("%lx %lx\n", hash, first);
  return succeed();
}
