// Small system calls, one after the other: each of them stops the program.
#include <stdio.h>
#include <unistd.h>

int main(void) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  long sum = 0;
  for (int i = 0; i < 50000; i++) {
    char byte = (char)i;
    if (write(ends[1], &byte, 1) != 1 || read(ends[0], &byte, 1) != 1) return 1;
    sum += byte;
  }
  printf("%ld\n", sum);
}
