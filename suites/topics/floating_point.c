/* Rounding, exceptions that trap and such that are only noted, denormals, and x87's own precision; in threads
 * and handlers. */
#include "../tickproof.h"

#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <xmmintrin.h>

static sigjmp_buf place;
static volatile int code;

static void on_exception(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  code = info->si_code;
  siglongjmp(place, 1);
}

static double third(int mode) {
  CHECK(fesetround(mode) == 0);
  volatile double one = 1, three = 3;
  const double result = one / three;
  CHECK(fesetround(FE_TONEAREST) == 0);
  return result;
}

static void *other(void *unused) {
  (void)unused;
  CHECK(fegetround() == FE_UPWARD && fetestexcept(FE_ALL_EXCEPT) == 0);
  return NULL;
}

int main(void) {
  CHECK(third(FE_UPWARD) > third(FE_DOWNWARD) && third(FE_TOWARDZERO) == third(FE_DOWNWARD));
  volatile double zero = 0, one = 1, large = 1e308;
  feclearexcept(FE_ALL_EXCEPT);
  CHECK(isinf(one / zero) && fetestexcept(FE_ALL_EXCEPT) == FE_DIVBYZERO);
  CHECK(isinf(large * large) && fetestexcept(FE_OVERFLOW));
  CHECK(isnan(zero / zero) && fetestexcept(FE_INVALID));
  handle(SIGFPE, on_exception, 0);
  if (sigsetjmp(place, 1) == 0) {
    feclearexcept(FE_ALL_EXCEPT);
    feenableexcept(FE_DIVBYZERO);
    printf("%g\n", one / zero);
  }
  CHECK(code == FPE_FLTDIV);
  fedisableexcept(FE_ALL_EXCEPT);
  if (sigsetjmp(place, 1) == 0) {
    volatile int numbers[] = {1, 0};
    printf("%d\n", numbers[0] / numbers[1]);
  }
  CHECK(code == FPE_INTDIV);
  feclearexcept(FE_ALL_EXCEPT);
  volatile long double wide = 1.0L;
  if (sigsetjmp(place, 1) == 0) {
    feenableexcept(FE_DIVBYZERO);
    wide = wide / (long double)zero;
    __asm__ volatile("fwait");
  }
  CHECK(code == FPE_FLTDIV);
  fesetenv(FE_DFL_ENV);
  volatile double small = 4.9e-324;
  CHECK(small * one != 0);
  _mm_setcsr(_mm_getcsr() | 0x8040);
  CHECK(small * one == 0);
  _mm_setcsr(0x1f80);
  pthread_t thread;
  CHECK(fesetround(FE_UPWARD) == 0 && pthread_create(&thread, NULL, other, NULL) == 0 &&
        pthread_join(thread, NULL) == 0);
  CHECK(fesetround(FE_TONEAREST) == 0);
  printf("%a %.20Lg %a\n", sin(1e22), sqrtl(2.0L), fma(one, large, 3));
  return succeed();
}
