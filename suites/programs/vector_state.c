/* Registers of x87, SSE and AVX keep their values over handlers that use them too, wherever the signal came. */
#include "../tickproof.h"

static volatile sig_atomic_t signals;

static void on_timer(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  static const double other[4] = {-1, -2, -3, -4};
  __asm__ volatile("fninit\n\tfldpi\n\tmovups %0, %%xmm0\n\tmovups %0, %%xmm7" : : "m"(other) : "memory");
  signals++;
}

__attribute__((target("avx"))) static void with_avx(void) {
  double values[4] = {1.5, 2.5, 3.5, 4.5}, found[4];
  __asm__ volatile("vmovupd %0, %%ymm7" : : "m"(values) : "xmm7", "memory");
  const int seen = signals;
  while (signals < seen + 3) __asm__ volatile("pause");
  __asm__ volatile("vmovupd %%ymm7, %0\n\tvzeroupper" : "=m"(found)::"memory");
  CHECK(memcmp(values, found, sizeof(values)) == 0);
}

int main(void) {
  handle(SIGALRM, on_timer, 0);
  const struct itimerval often = {.it_value.tv_usec = 1000, .it_interval.tv_usec = 1000};
  CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
  long double sum = 0;
  double product = 1;
  for (int turn = 1; signals < 10; turn = turn % 50 + 1) {
    sum = 0, product = 1;
    for (int at = 1; at <= turn; at++) {
      sum += 1.0L / at;
      product *= 1.0 + 1.0 / at;
    }
    CHECK(product > turn + 0.999 && product < turn + 1.001 && sum >= 1);
  }
  if (__builtin_cpu_supports("avx")) with_avx();
  CHECK(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL) == 0);
  return succeed();
}
