/* Pieces of work, each done as often as the second argument says, without a C library: what one costs depends on the
   engine alone. */
#include <stddef.h>

static long syscall3(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

enum { READ = 0, WRITE = 1, CLOSE = 3, POLL = 7, LSEEK = 8, MMAP = 9, MUNMAP = 11, PIPE = 22, FORK = 57, ACCESS = 21, GETPID = 39, EXECVE = 59, EXIT = 60, OPENAT = 257 };

static long number_of(const char *text) {
  long n = 0;
  while (*text) n = 10 * n + *text++ - '0';
  return n;
}

/* 512 functions, each with branches of its own. */
#define F(n) \
  __attribute__((noinline)) static long f##n(long x) { \
    if (x % 3 == 1) x += n; \
    if (x & 4) x ^= n * 7; \
    return x + 1; \
  }
#define F8(n) F(n##0) F(n##1) F(n##2) F(n##3) F(n##4) F(n##5) F(n##6) F(n##7)
#define F64(n) F8(n##0) F8(n##1) F8(n##2) F8(n##3) F8(n##4) F8(n##5) F8(n##6) F8(n##7)
F64(1) F64(2) F64(3) F64(4) F64(5) F64(6) F64(7) F64(8)
#define P8(n) f##n##0, f##n##1, f##n##2, f##n##3, f##n##4, f##n##5, f##n##6, f##n##7,
#define P64(n) P8(n##0) P8(n##1) P8(n##2) P8(n##3) P8(n##4) P8(n##5) P8(n##6) P8(n##7)
static long (*const functions[])(long) = {P64(1) P64(2) P64(3) P64(4) P64(5) P64(6) P64(7) P64(8)};

static void execute_again(char **argv, char **envp, long left) {
  char text[24];
  char *digit = text + sizeof text - 1;
  for (*digit = 0; left > 0 || !*digit; left /= 10) *--digit = (char)('0' + left % 10);
  argv[2] = digit;
  syscall3(EXECVE, (long)argv[0], (long)argv, (long)envp);
}

/* One process gives back what another one sends. */
static long round_trips(long count) {
  int there[2], back[2];
  char bytes[64];
  long sum = syscall3(PIPE, (long)there, 0, 0) + syscall3(PIPE, (long)back, 0, 0);
  if (syscall3(FORK, 0, 0, 0) == 0) {
    for (; count > 0; count--) {
      sum += syscall3(READ, there[0], (long)bytes, sizeof bytes);
      sum += syscall3(WRITE, back[1], (long)bytes, sizeof bytes);
    }
    syscall3(EXIT, 0, 0, 0);
  }
  for (; count > 0; count--) {
    sum += syscall3(WRITE, there[1], (long)bytes, sizeof bytes);
    sum += syscall3(READ, back[0], (long)bytes, sizeof bytes);
  }
  return sum;
}

__attribute__((used)) static void run(long *stack) {
  char **argv = (char **)(stack + 1);
  char **envp = argv + stack[0] + 1;
  long count = number_of(argv[2]);
  volatile long sum = 0;
  char bytes[64];
  switch (argv[1][0]) {
    case 'c': /* system calls */
      for (long i = 0; i < count; i++) sum += syscall3(GETPID, 0, 0, 0);
      break;
    case 'r': /* reads of 64 bytes */
      for (long i = 0; i < count; i++) {
        syscall3(LSEEK, 0, 0, 0);
        sum += syscall3(READ, 0, (long)bytes, sizeof bytes);
      }
      break;
    case 'm': { /* messages of 64 bytes, for which nobody has to wait */
      int fds[2];
      syscall3(PIPE, (long)fds, 0, 0);
      struct { int fd; short events, revents; } ready = {fds[0], 1, 0};
      for (long i = 0; i < count; i++) {
        sum += syscall3(WRITE, fds[1], (long)bytes, sizeof bytes);
        sum += syscall3(POLL, (long)&ready, 1, -1);
        sum += syscall3(READ, fds[0], (long)bytes, sizeof bytes);
      }
      break;
    }
    case 't':
      sum += round_trips(count);
      break;
    case 'p': /* questions about a path */
      for (long i = 0; i < count; i++) sum += syscall3(ACCESS, (long)"/", 0, 0);
      break;
    case 'o': /* files that are opened and closed */
      for (long i = 0; i < count; i++) sum += syscall3(CLOSE, syscall3(OPENAT, 0, (long)"/", 0), 0, 0);
      break;
    case 'y': /* memory that is mapped and given back */
      for (long i = 0; i < count; i++) {
        register long flags __asm__("r10") = 0x22, fd __asm__("r8") = -1, offset __asm__("r9") = 0;
        long at = MMAP;
        __asm__ volatile("syscall" : "+a"(at) : "D"(0), "S"(4096), "d"(3), "r"(flags), "r"(fd), "r"(offset) : "rcx", "r11", "memory");
        sum += syscall3(MUNMAP, at, 4096, 0);
      }
      break;
    case 'i': /* questions of the processor */
      for (long i = 0; i < count; i++) {
        unsigned eax = 0, ebx, ecx = 0, edx;
        __asm__ volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
        sum += ebx;
      }
      break;
    case 'f': /* functions that run once */
      for (long i = 0; i < count; i++) sum += functions[i](i);
      break;
    case 'e': /* programs that are executed */
      if (count > 0) execute_again(argv, envp, count - 1);
      break;
    default:
      syscall3(EXIT, 1, 0, 0);
  }
  syscall3(EXIT, 0, 0, 0);
}

__asm__(".globl _start\n_start: mov %rsp, %rdi\n and $-16, %rsp\n call run\n");
