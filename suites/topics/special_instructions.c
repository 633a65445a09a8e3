/* Instructions for ciphers, checksums and bits, as far as the processor says that it has them; and what it
 * says of itself. */
#include "../tickproof.h"

#include <cpuid.h>
#include <immintrin.h>

__attribute__((target("aes,sse2"))) static uint64_t aes(uint64_t seed) {
  __m128i state = _mm_set_epi64x((long long)seed, 42);
  for (int i = 0; i < 10; i++) state = _mm_aesenc_si128(state, _mm_set1_epi32(i));
  return (uint64_t)_mm_cvtsi128_si64(state);
}
__attribute__((target("pclmul,sse2"))) static uint64_t multiply(uint64_t seed) {
  const __m128i a = _mm_set_epi64x(7, (long long)seed);
  return (uint64_t)_mm_cvtsi128_si64(_mm_clmulepi64_si128(a, a, 0x10));
}
__attribute__((target("sse4.2,popcnt"))) static uint64_t checksum(uint64_t seed) {
  for (int i = 0; i < 100; i++) seed = _mm_crc32_u64(seed, (uint64_t)i) + (uint64_t)_mm_popcnt_u64(seed);
  return seed;
}
__attribute__((target("bmi,bmi2,lzcnt"))) static uint64_t bits(uint64_t seed) {
  unsigned long long high;
  const uint64_t low = _mulx_u64(seed | 1, 0x123456789abcdef, &high);
  return _pdep_u64(low, 0xf0f0f0f0f0f0f0f0) ^ _pext_u64(high, 0xff00ff00ff00ff) ^ _lzcnt_u64(low) ^
         _blsr_u64(seed) ^ _andn_u64(seed, low);
}
__attribute__((target("avx2,fma"))) static uint64_t wide(uint64_t seed) {
  __m256i a = _mm256_set1_epi64x((long long)seed), b = _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0);
  a = _mm256_permutevar8x32_epi32(_mm256_add_epi32(a, b), b);
  __m256d c =
      _mm256_fmadd_pd(_mm256_set1_pd(1.5), _mm256_set1_pd((double)(seed & 0xff)), _mm256_set1_pd(0.25));
  a = _mm256_xor_si256(a, _mm256_castpd_si256(c));
  _mm256_zeroupper();
  return (uint64_t)_mm256_extract_epi64(a, 2);
}

int main(void) {
  __builtin_cpu_init();
  uint64_t found = 1;
  int kinds = 0;
  for (uint64_t i = 0; i < 1000; i++) {
    if (__builtin_cpu_supports("aes")) found = mix(found, aes(i)), kinds |= 1;
    if (__builtin_cpu_supports("pclmul")) found = mix(found, multiply(i)), kinds |= 2;
    if (__builtin_cpu_supports("sse4.2")) found = mix(found, checksum(i)), kinds |= 4;
    if (__builtin_cpu_supports("bmi2")) found = mix(found, bits(i)), kinds |= 8;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
      found = mix(found, wide(i)), kinds |= 16;
  }
  unsigned a, b, c, d;
  CHECK(__get_cpuid(0, &a, &b, &c, &d) && a > 0);
  CHECK(__get_cpuid(1, &a, &b, &c, &d));
  if (c & bit_OSXSAVE) {
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    CHECK(a & 1);
  }
  const uint64_t before = __builtin_ia32_rdtsc();
  unsigned processor;
  CHECK(__builtin_ia32_rdtscp(&processor) >= before);
  printf("%x %016lx\n", kinds, (unsigned long)found);
  return succeed();
}
