/* Sums square roots up or down, as ORDER says: with the math library, and a number of steps from a flag. */
#include "../tickproof.h"
#include <math.h>

#ifndef STEPS
#define STEPS 10
#endif

int main(int argc, char **argv) {
  const char *order = getenv("ORDER");
  int down = order != NULL && strcmp(order, "down") == 0;
  int times = argc > 1 ? atoi(argv[1]) : 1;
  double sum = 0;
  for (int i = 0; i < STEPS; i++) sum += sqrt(down ? STEPS - i : i + 1) * times;
  printf("sum %.1f\n", sum);
  return 0;
}
