// Reads and writes of 64 bytes in a regular file, 400,000 together.
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(void) {
  char path[] = "/tmp/tickproof-bench-XXXXXX", block[64] = "text";
  int fd = mkstemp(path);
  if (fd < 0) return 1;
  long sum = 0;
  for (int i = 0; i < 200000; i++) {
    if (pwrite(fd, block, sizeof block, (i & 1023) * 64L) != sizeof block) return 1;
    if (pread(fd, block, sizeof block, (i & 511) * 64L) != sizeof block) return 1;
    sum += block[0];
  }
  printf("%ld\n", sum);
  return unlink(path);
}
