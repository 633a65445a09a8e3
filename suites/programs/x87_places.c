/*
 * What the x87 unit says of its last instruction is the program's own address, by whichever instruction it is asked. A
 * processor may forget it when the task is switched: then nothing is told at all. But it can't be so each time.
 */
#include "../tickproof.h"
#include <pthread.h>
#include <ucontext.h>

typedef struct {
  uint32_t control, status, tags, place;
  uint16_t selector, opcode;
  uint32_t data, data_selector;
} environment;

enum { TRIES = 50 };
static double one = 1;
static uint64_t area[1024] __attribute__((aligned(64)));

/* Whether a place is the one that is expected; 0 is nothing. */
static int is_told(uint64_t place, const char *expected, uint64_t mask) {
  if (place == 0) return 0;
  CHECK(place == ((uint64_t)expected & mask));
  return 1;
}

static int by_fnstenv(void) {
  const char *here;
  environment told;
  __asm__ volatile("lea 1f(%%rip), %0\n1:\tfldl %2\n\tfnstenv %1\n\tfldenv %1\n\tfstp %%st(0)"
                   : "=&r"(here), "=m"(told)
                   : "m"(one));
  if (told.place) CHECK(told.data == (uint32_t)(uintptr_t)&one && told.opcode != 0);
  CHECK((told.control & 0xffff) == 0x37f && (told.tags & 0xffff) == 0x3fff);
  return is_told(told.place, here, 0xffffffff);
}

/* All that the unit holds is stored, and it begins anew. */
static int by_fnsave(void) {
  const char *here;
  struct {
    environment told;
    unsigned char registers[80];
  } saved;
  environment after;
  __asm__ volatile("lea 1f(%%rip), %0\n1:\tfldl one(%%rip)\n\tfnsave %1\n\tfnstenv %2"
                   : "=&r"(here), "=m"(saved), "=m"(after)
                   : "m"(one));
  CHECK(after.place == 0 && (after.tags & 0xffff) == 0xffff && (saved.told.tags & 0xffff) == 0x3fff);
  const long double value = 1;
  CHECK(memcmp(saved.registers, &value, 10) == 0);
  return is_told(saved.told.place, here, 0xffffffff);
}

static int by_narrow_fnstenv(void) {
  const char *here;
  uint16_t told[7];
  __asm__ volatile("lea 1f(%%rip), %0\n1:\tfldl %2\n\t.byte 0x66\n\tfnstenv %1\n\tfstp %%st(0)\n\tfninit"
                   : "=&r"(here), "=m"(told)
                   : "m"(one));
  return is_told(told[3], here, 0xffff);
}

/* Across branches and through memory that only a register knows. */
static __attribute__((noinline)) void ask(environment *told) {
  __asm__ volatile("fnstenv (%0)\n\tfldenv (%0)" : : "r"(told) : "memory");
}

static int by_call(void) {
  const char *here;
  environment told;
  __asm__ volatile("lea 1f(%%rip), %0\n1:\tfldl %1\n\tfstp %%st(0)" : "=&r"(here) : "m"(one));
  ask(&told);
  if (told.place == 0) return 0;
  CHECK(told.place > (uint32_t)(uintptr_t)here && told.place < (uint32_t)(uintptr_t)here + 16);
  return 1;
}

/* An exception is pending, so that all processors tell of it: 1 / 0. */
#define PENDING \
  "lea 1f(%%rip), %0\n\tfninit\n\tfldcw %2\n\tfld1\n\tfldz\n1:\tfdivrp %%st, %%st(1)\n\t"
static const uint16_t unmasked = 0x37b;

static void by_fxsave(void) {
  const char *here;
  __asm__ volatile(PENDING "fxsave64 %1\n\tfninit" : "=&r"(here), "=m"(area) : "m"(unmasked));
  CHECK(area[1] == (uint64_t)here);
  __asm__ volatile(PENDING "fxsave %1\n\tfninit" : "=&r"(here), "=m"(area) : "m"(unmasked));
  CHECK((uint32_t)area[1] == (uint32_t)(uintptr_t)here);
}

__attribute__((target("xsave"))) static void by_xsave(void) {
  const char *here;
  memset(area, 0, sizeof(area));
  __asm__ volatile(PENDING "xsave64 %1\n\tfninit" : "=&r"(here), "=m"(area) : "m"(unmasked), "a"(3), "d"(0));
  CHECK(area[1] == (uint64_t)here);
  area[1] = 77; /* the unit is not asked for */
  __asm__ volatile(PENDING "xsave64 %1\n\tfninit" : "=&r"(here), "+m"(area) : "m"(unmasked), "a"(0xf2), "d"(0));
  CHECK(area[1] == 77);
}

/* A handler's frame; behind it the unit tells what the frame does. */
static const char *waits, *divides;
static volatile int handled;

static void on_exception(int signal, siginfo_t *info, void *context) {
  CHECK(signal == SIGFPE);
  const ucontext_t *interrupted = context;
  CHECK(interrupted->uc_mcontext.fpregs->rip == (uint64_t)divides);
  CHECK(info->si_addr == waits || info->si_addr == divides);
  interrupted->uc_mcontext.fpregs->cwd |= 0x3f; /* masked again */
  interrupted->uc_mcontext.fpregs->swd &= 0x7f00;
  handled++;
}

static void by_frame(void) {
  handle(SIGFPE, on_exception, 0);
  __asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n\tlea 2f(%%rip), %%rax\n\tmov %%rax, %1\n\t"
                   "fninit\n\tfldcw %2\n\tfld1\n\tfldz\n1:\tfdivrp %%st, %%st(1)\n2:\tfwait\n\tfninit"
                   : "=m"(divides), "=m"(waits)
                   : "m"(unmasked)
                   : "rax", "memory");
  CHECK(handled == 1);
}

static void *all(void *unused) {
  (void)unused;
  int told[4] = {0};
  for (int i = 0; i < TRIES; i++) {
    told[0] += by_fnstenv();
    told[1] += by_fnsave();
    told[2] += by_narrow_fnstenv();
    told[3] += by_call();
  }
  for (int i = 0; i < 4; i++) CHECK(told[i] > 0);
  return NULL;
}

int main(void) {
  environment nothing;
  __asm__ volatile("fninit\n\tfnstenv %0" : "=m"(nothing));
  CHECK(nothing.place == 0 && nothing.data == 0 && nothing.opcode == 0);
  all(NULL);
  by_fxsave();
  if (__builtin_cpu_supports("xsave")) by_xsave();
  by_frame();
  pthread_t other;
  CHECK(pthread_create(&other, NULL, all, NULL) == 0);
  CHECK(pthread_join(other, NULL) == 0);
  all(NULL);
  return succeed();
}
