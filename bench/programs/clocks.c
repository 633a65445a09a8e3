// A million looks at the clock: system calls that only ask are done without a stop.
#include <stdio.h>
#include <time.h>

int main(void) {
  struct timespec now;
  long sum = 0;
  for (int i = 0; i < 1000000; i++) {
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 1;
    sum += now.tv_nsec & 1;
  }
  printf("%d\n", sum >= 0);
}
