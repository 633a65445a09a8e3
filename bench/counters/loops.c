/*
 * The counter path in C: each operation of `operations.ts` as a C programmer would write it, in a loop. The
 * system calls are inline, which is the cheapest that C has; libc's own are beside them.
 */
#define _GNU_SOURCE
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* syscall(2), "Architecture calling conventions". */
static inline long call3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

static inline long call5(long number, long a, long b, long c, long d, long e) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
                   : "rcx", "r11", "memory");
  return result;
}

static inline uint64_t tsc(void) {
  uint32_t low, high;
  __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
  return (uint64_t)high << 32 | low;
}

static inline uint64_t pmc(uint32_t index) {
  uint32_t low, high;
  __asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(index));
  return (uint64_t)high << 32 | low;
}

/* The compiler moves no access to memory across it, and drops no loop around it. */
static inline long barrier(void) {
  __asm__ volatile("" : : : "memory");
  return 0;
}

/* a, b and c are the arguments of an operation, i is the number of its turn. */
#define LOOP(NAME, EXPRESSION)                        \
  long NAME(long n, long a, long b, long c) {         \
    long sum = 0;                                     \
    (void)a, (void)b, (void)c;                        \
    for (long i = 0; i < n; i++) sum += (EXPRESSION); \
    return sum;                                       \
  }

/* A call through a pointer, as JS makes one: the compiler must not see that nothing is there. */
static __attribute__((noinline)) long nothing(void) {
  return barrier();
}
static long (*volatile const call_nothing)(void) = nothing;

/* Its return is the first behind the system call. */
static __attribute__((noinline)) long read_out_of_line(long fd, long into, long bytes) {
  return call3(SYS_read, fd, into, bytes);
}

/* What linux/perf_event.h prescribes; `count` where the event is on a counter, else read(2). */
static inline long read_user(struct perf_event_mmap_page *page, int fd, uint64_t *into) {
  uint32_t lock, index;
  uint64_t count = 0, enabled, running;
  do {
    lock = page->lock;
    barrier();
    index = page->index;
    if (index == 0 || !page->cap_user_rdpmc || !page->cap_user_time) return call3(SYS_read, fd, (long)into, 24);
    enabled = page->time_enabled;
    running = page->time_running;
    int unused = 64 - page->pmc_width;
    count = page->offset + ((int64_t)(pmc(index - 1) << unused) >> unused);
    uint64_t delta = page->time_offset + (uint64_t)((unsigned __int128)tsc() * page->time_mult >> page->time_shift);
    enabled += delta;
    running += delta;
    barrier();
  } while (page->lock != lock);
  into[0] = count;
  into[1] = enabled;
  into[2] = running;
  return 24;
}

static inline long page_time(struct perf_event_mmap_page *page, uint64_t *into) {
  uint32_t lock;
  uint64_t enabled;
  do {
    lock = page->lock;
    barrier();
    if (!page->cap_user_time) return 0;
    enabled = page->time_enabled + page->time_offset +
              (uint64_t)((unsigned __int128)tsc() * page->time_mult >> page->time_shift);
    barrier();
  } while (page->lock != lock);
  *into = enabled;
  return 8;
}

static inline long open_close(long attr) {
  return call3(SYS_close, call5(SYS_perf_event_open, attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC), 0, 0);
}

LOOP(empty_call, call_nothing())
/* a: descriptor, b: buffer, c: its bytes. */
LOOP(read_inline, call3(SYS_read, a, b, c))
LOOP(read_called, read_out_of_line(a, b, c))
LOOP(read_libc, read((int)a, (void *)b, (size_t)c))
/* a: metadata page, b: descriptor, c: buffer. */
LOOP(read_page, read_user((struct perf_event_mmap_page *)a, (int)b, (uint64_t *)c))
/* a: metadata page, b: buffer. */
LOOP(time_page, page_time((struct perf_event_mmap_page *)a, (uint64_t *)b))
/* a: descriptors, one a turn, b: request, c: its argument. */
LOOP(ioctl_inline, call3(SYS_ioctl, ((const int *)a)[i], b, c))
/* a: struct perf_event_attr. */
LOOP(open_close_inline, open_close(a))
