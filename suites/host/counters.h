/* Counters of retired conditional branches, as a record-and-replay tool opens them: what the programs here share. */
#ifndef TICKPROOF_COUNTERS_H
#define TICKPROOF_COUNTERS_H

#include "../tickproof.h"
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>

/* Bits of the raw config (Intel SDM vol. 3, 20.3.6.5): count in transactions only; roll back with an abort. */
#define IN_TX (1ull << 32)
#define IN_TXCP (1ull << 33)

/* Exit code of a program that could not try what it is for. */
enum { NOT_TRIED = 77 };

/* A processor of Intel's cores, and the raw event of its retired conditional branches. */
struct tick {
  uint8_t model;
  uint64_t event;
};

/* Raw event of retired conditional branches of this processor, in user mode; 0 where it is not known. */
static inline uint64_t ticks_event(void) {
  static const uint8_t silvermont[] = {0x37, 0x4a, 0x4c, 0x4d, 0x5a, 0x5c, 0x5f, 0x7a, 0x86,
                                       0x96, 0x9c, 0x57, 0x85, 0xaf, 0xb6, 0xbe};
  static const uint8_t ice_lake[] = {0x6a, 0x6c, 0x7d, 0x7e, 0x8c, 0x8d, 0xa7, 0x8f, 0xcf,
                                     0x97, 0x9a, 0xb7, 0xba, 0xbf, 0xaa, 0xac, 0xad, 0xae, 0xb5};
  static const struct tick newer[] = {{0xbd, 0x100005111c4}, {0xc5, 0x100005111c4}, {0xc6, 0x100005111c4},
                                      {0xcc, 0x5107c4},      {0xdd, 0x5107c4}};
  unsigned a, b, c, d;
  __cpuid(0, a, b, c, d);
  if (b == signature_AMD_ebx) return 0x5100d1;
  if (b != signature_INTEL_ebx) return 0;
  __cpuid(1, a, b, c, d);
  const unsigned model = (a >> 4 & 0xf) | (a >> 12 & 0xf0);
  for (unsigned i = 0; i < sizeof(silvermont); i++)
    if (silvermont[i] == model) return 0x517ec4;
  for (unsigned i = 0; i < sizeof(ice_lake); i++)
    if (ice_lake[i] == model) return 0x5111c4;
  for (unsigned i = 0; i < sizeof(newer) / sizeof(newer[0]); i++)
    if (newer[i].model == model) return newer[i].event;
  return 0x5101c4;
}

/* Whether this processor has transactions (HLE or RTM): without, the kernel masks IN_TX and IN_TXCP in silence. */
static inline int has_transactions(void) {
  unsigned a, b, c, d;
  __cpuid(0, a, b, c, d);
  if (a < 7) return 0;
  __cpuid_count(7, 0, a, b, c, d);
  return (b & (1u << 4 | 1u << 11)) != 0;
}

/* Opens a counter on a task (0: the caller), disabled; the result is a descriptor, or -1 with errno. */
static inline int open_counter(uint64_t config, uint64_t period, pid_t task) {
  struct perf_event_attr attr = {.type = PERF_TYPE_RAW,
                                 .size = sizeof(attr),
                                 .config = config,
                                 .sample_period = period,
                                 .disabled = 1,
                                 .exclude_kernel = 1,
                                 .exclude_guest = 1};
  return (int)syscall(SYS_perf_event_open, &attr, task, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

/* Opens a counter with IN_TX or IN_TXCP; to processors of AMD these bits are parts of another event's number. */
static inline int open_transactional(uint64_t config, pid_t task) {
  unsigned a, b, c, d;
  __cpuid(0, a, b, c, d);
  if (b == signature_INTEL_ebx) return open_counter(config, 0, task);
  errno = EINVAL;
  return -1;
}

static inline uint64_t read_counter(int fd) {
  uint64_t value;
  CHECK(read(fd, &value, sizeof(value)) == sizeof(value));
  return value;
}

static inline void enable(int fd) { CHECK(ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) == 0); }
static inline void disable(int fd) { CHECK(ioctl(fd, PERF_EVENT_IOC_DISABLE, 0) == 0); }

/* Ends a program that has no counter to try anything with. */
static inline void require_counter(int fd, const char *what) {
  if (fd >= 0) return;
  printf("not tried: %s: %s\n", what, strerror(errno));
  exit(NOT_TRIED);
}

/* Exactly so many retired conditional branches (at least one). */
static inline void branches(uint64_t count) {
  __asm__ volatile("1:\tdec %0\n\tjnz 1b" : "+r"(count) : : "cc", "memory");
}

#endif
