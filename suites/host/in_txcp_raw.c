/* What the upstream report runs, on every processor alike: the checkpointed counter of Haswell's conditional branches by
 * its raw code, off and on once before 500 branches. Where the processor has no transactions, the kernel masks the bit
 * and a plain counter passes; from Ice Lake on the code counts taken branches, as many as these are. */
#include "counters.h"

enum { BRANCHES = 500 };

int main(void) {
  const int fd = open_counter(0x2005101c4, 0, 0);
  require_counter(fd, "no raw counter");
  enable(fd);
  disable(fd);
  enable(fd);
  branches(BRANCHES);
  const uint64_t count = read_counter(fd);
  printf("%lu branches\n%s\n", count, count < BRANCHES ? "FAILED" : "PASSED");
  return 0;
}
