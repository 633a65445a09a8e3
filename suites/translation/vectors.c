/*
 * Operands relative to the instruction pointer, with and without immediates behind them, in every encoding: legacy,
 * VEX, EVEX; and instructions that a translation has to treat with care. Prints a hash of their results.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t sum = 1469598103934665603u;
static void mix(const void *data, int length) {
  for (int i = 0; i < length; i++) sum = (sum ^ ((const uint8_t *)data)[i]) * 1099511628211u;
}

uint64_t words[16] __attribute__((aligned(64))) = {0x0102030405060708, 0x1112131415161718, 0x2122232425262728, 99, 5, 6, 7, 8};
double numbers[8] __attribute__((aligned(64))) = {1.5, 2.25, -3.125, 4, 5, 6, 7, 8};

static void legacy(void) {
  uint64_t a = 1, b = 2, f;
  __asm__ volatile("imulq $-77, words(%%rip), %0; addq $0x12345, words+8(%%rip); shldq $7, %0, words(%%rip);"
                   "btcq $5, words+16(%%rip); testb $1, words(%%rip); sete %b1; cmpw $0x1234, words(%%rip); adcq $0, %1;"
                   "shlq $3, words+24(%%rip); rcrb $1, words+24(%%rip); pushfq; popq %2"
                   : "+r"(a), "+r"(b), "=r"(f) : : "memory", "cc");
  mix(&a, 8), mix(&b, 8), mix(&f, 8), mix(words, sizeof words);
  unsigned char x[16];
  __asm__ volatile("movdqu words(%%rip), %%xmm0; pshufd $0x1b, words(%%rip), %%xmm1; palignr $5, words+16(%%rip), %%xmm0;"
                   "shufps $0x4e, numbers(%%rip), %%xmm1; pinsrw $3, words+32(%%rip), %%xmm0; paddq %%xmm1, %%xmm0; movdqu %%xmm0, %0"
                   : "=m"(x) : : "xmm0", "xmm1");
  mix(x, 16);
  double d;
  __asm__ volatile("fldl numbers(%%rip); fmull numbers+8(%%rip); faddl numbers+16(%%rip); fsqrt; fstpl %0" : "=m"(d));
  mix(&d, 8);
  uint16_t control;
  __asm__ volatile("fnstcw %0; fldcw %0" : "=m"(control));
  mix(&control, 2);
}

__attribute__((target("avx2,bmi,bmi2,fma"))) static void vex(void) {
  unsigned char x[32];
  uint64_t r;
  __asm__ volatile("vmovdqu words(%%rip), %%ymm0; vpermq $0x39, words(%%rip), %%ymm1; vpblendd $0x55, words+32(%%rip), %%ymm0, %%ymm2;"
                   "vfmadd231pd numbers(%%rip), %%ymm0, %%ymm1; vblendvpd %%ymm0, numbers(%%rip), %%ymm1, %%ymm2; vpaddq %%ymm1, %%ymm2, %%ymm2;"
                   "vmovdqu %%ymm2, %0; rorxq $13, words(%%rip), %1; vzeroupper"
                   : "=m"(x), "=r"(r) : : "xmm0", "xmm1", "xmm2");
  mix(x, 32), mix(&r, 8);
  __asm__ volatile("andnq words(%%rip), %1, %0; bextrq %0, words(%%rip), %0" : "+r"(r) : "r"(sum));
  mix(&r, 8);
}

__attribute__((target("avx512f,avx512vl"))) static void evex(void) {
  unsigned char x[64];
  uint64_t k;
  __asm__ volatile("vmovdqu64 words(%%rip), %%zmm0; vpternlogq $0x96, words+64(%%rip), %%zmm0, %%zmm1; vpaddq words(%%rip)%{1to8%}, %%zmm1, %%zmm1;"
                   "vpcmpuq $1, words(%%rip), %%zmm1, %%k1; valignq $3, words(%%rip), %%zmm1, %%zmm2%{%%k1%};"
                   "vmovdqu64 %%zmm2, %0; kmovw %%k1, %k1; vzeroupper"
                   : "=m"(x), "=r"(k) : : "xmm0", "xmm1", "xmm2", "k1");
  k &= 0xff;
  mix(&k, 8);
}

static void elided(void) {
  int lock = 0, tries = 0;
  for (int i = 0; i < 100; i++) {
    __asm__ volatile("1: movl $1, %%eax; xacquire xchgl %%eax, %0; testl %%eax, %%eax; jnz 1b; incl %1; xrelease movl $0, %0"
                     : "+m"(lock), "+r"(tries) : : "eax", "memory", "cc");
    __asm__ volatile("xacquire lock incl %0; xrelease lock decl %0" : "+m"(lock) : : "cc");
  }
  mix(&tries, 4);
}

/* Leaf functions use the 128 bytes below the stack pointer. */
static uint64_t red_zone(uint64_t n) {
  uint64_t r;
  __asm__ volatile("movq %1, -8(%%rsp); movq $0, -128(%%rsp); 1: addq %1, -128(%%rsp); decq -8(%%rsp); jnz 1b; movq -128(%%rsp), %0"
                   : "=&r"(r) : "r"(n) : "cc", "memory");
  return r;
}

/* A program that reads its own text sees its own text. */
static void own_text(void) { mix((const void *)&red_zone, 32); }

int main(void) {
  for (int i = 0; i < 50; i++) {
    legacy();
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2")) vex();
    if (__builtin_cpu_supports("avx512vl")) evex();
    elided();
    uint64_t r = red_zone(i + 1);
    mix(&r, 8);
    own_text();
  }
  printf("%016lx\n", sum);
  return 0;
}
