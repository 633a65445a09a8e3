// Calls and returns: most of its time a program is in none for long.
#include <stdio.h>
#include <stdlib.h>

static int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

static int compare(const void *a, const void *b) {
  unsigned left = *(const unsigned *)a, right = *(const unsigned *)b;
  return left < right ? -1 : left > right;
}

int main(void) {
  enum { COUNT = 1000000 };
  static unsigned numbers[COUNT];
  unsigned state = 1;
  for (int i = 0; i < COUNT; i++) numbers[i] = state = state * 1103515245 + 12345;
  qsort(numbers, COUNT, sizeof numbers[0], compare);
  printf("%d %u\n", fib(36), numbers[COUNT / 2]);
}
