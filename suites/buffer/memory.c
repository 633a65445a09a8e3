/* Calls on memory, of which the end needs no stop, in the midst of what could tell: text that comes and goes, calls that fail
   as a whole or half-way, faults, files that change, children, signals at any moment. Says nothing that differs between runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };

static sigjmp_buf back;
static volatile long alarms;

static void faulted(int signal) { siglongjmp(back, signal); }
static void alarmed(int signal) { alarms++; }

/* mov eax, value; ret */
static void write_text(unsigned char *at, int value) {
  at[0] = 0xb8;
  memcpy(at + 1, &value, 4);
  at[5] = 0xc3;
}

static int call(void *text) {
  int signal = sigsetjmp(back, 1);
  return signal ? -signal : ((int (*)(void))text)();
}

static int touch(volatile char *at) {
  int signal = sigsetjmp(back, 1);
  return signal ? -signal : (*at = 1, 1);
}

static char *map(void *at, long size, int rights, int flags) {
  return mmap(at, size, rights, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Registers are what they were but for the result, rcx and r11. */
static int keeps(long number, long a, long b, long c, long d) {
  long result, a2 = a, b2 = b, c2 = c;
  register long r10 __asm__("r10") = d, r8 __asm__("r8") = -1, r9 __asm__("r9") = 0;
  __asm__ volatile("syscall" : "=a"(result), "+D"(a2), "+S"(b2), "+d"(c2), "+r"(r10), "+r"(r8), "+r"(r9)
                   : "0"(number) : "rcx", "r11", "memory");
  return a2 == a && b2 == b && c2 == c && r10 == d && r8 == -1 && r9 == 0 && (result >= 0 || result < -4095);
}

static void plain(void) {
  long sum = 0, kept = 0;
  for (int i = 0; i < 200; i++) {
    char *at = map(0, 4 * PAGE, PROT_READ | PROT_WRITE, 0);
    at[PAGE] = i;
    sum += mprotect(at, PAGE, PROT_READ) + at[PAGE] + at[0];
    if (i % 20 == 0) sum += touch(at);
    sum += madvise(at + PAGE, PAGE, MADV_DONTNEED) + at[PAGE];
    sum += map(at + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_FIXED) == at + 2 * PAGE;
    kept += keeps(SYS_mprotect, (long)at, PAGE, PROT_READ | PROT_WRITE, 5);
    at[0] = 7;
    kept += keeps(SYS_munmap, (long)at, 3 * PAGE, 77, 5);
    if (i % 20 == 0) sum += touch(at);
    sum += munmap(at + 3 * PAGE, PAGE);
    /* What is asked for with the right to execute has it, though it is not text. */
    kept += keeps(SYS_mmap, 0, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
  }
  printf("plain: %ld %ld\n", sum, kept);
}

static void failing(void) {
  char *at = map(0, 3 * PAGE, PROT_READ | PROT_WRITE, 0);
  int failed = 0;
  munmap(at + PAGE, PAGE);
  for (int i = 0; i < 20; i++) {
    failed += mprotect(at, 3 * PAGE, PROT_READ) == -1 && errno == ENOMEM;
    failed += touch(at) == -SIGSEGV && touch(at + 2 * PAGE) == 1;
    failed += mprotect(at, PAGE, PROT_READ | PROT_WRITE) == 0 && touch(at) == 1;
    failed += munmap(at + 1, PAGE) == -1 && errno == EINVAL;
    failed += mmap(at + 1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED;
    failed += mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 999, 0) == MAP_FAILED && errno == EBADF;
    failed += mmap(0, -PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM;
    failed += madvise(at, 3 * PAGE, MADV_DONTNEED) == -1 && errno == ENOMEM && at[0] == 0 && at[2 * PAGE] == 0;
  }
  printf("failing: %d\n", failed);
}

static void text(void) {
  long sum = 0;
  /* A random name would be chosen by a loop of its own length. */
  const char *name = "text";
  int file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  unsigned char page[2 * PAGE] = {0};
  for (int i = 0; i < 12; i++) {
    write_text(page, i);
    write_text(page + PAGE, 100 * i);
    pwrite(file, page, sizeof page, 0);
    unsigned char *at = mmap(0, 3 * PAGE, PROT_READ, MAP_PRIVATE, file, 0);
    sum += call(at);
    sum += mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, 0) == at;
    sum += call(at) + call(at + PAGE);
    mmap(at + PAGE, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, PAGE);
    sum += call(at) + call(at + PAGE);
    mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, PAGE);
    sum += call(at);
    mprotect(at, PAGE, PROT_READ);
    sum += call(at);
    mprotect(at, PAGE, PROT_READ | PROT_EXEC);
    sum += call(at);
    munmap(at, PAGE);
    sum += call(at) + call(at + PAGE);
    munmap(at, 3 * PAGE);
    sum += call(at + PAGE);
    /* Text that is written where other text was. */
    at = (unsigned char *)map(at, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_FIXED);
    write_text(at, 3 * i);
    sum += call(at);
    write_text(at, 5 * i);
    sum += call(at);
    madvise(at, PAGE, MADV_DONTNEED);
    write_text(at, 7 * i);
    sum += call(at);
    if (i % 4 == 3) {
      fflush(stdout);
      if (fork() == 0) {
        unsigned char *own = mmap(at, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, file, 0);
        _exit(call(own) + call(at));
      }
      int status;
      wait(&status);
      sum += 1000 * WEXITSTATUS(status) + call(at);
    }
    munmap(at, PAGE);
  }
  unlink(name);
  close(file);
  printf("text: %ld\n", sum);
}

static void files(void) {
  long sum = 0;
  const char *name = "file";
  int file = open(name, O_RDWR | O_CREAT | O_EXCL, 0600);
  char bytes[PAGE];
  for (int i = 0; i < 30; i++) {
    memset(bytes, 'a' + i % 20, sizeof bytes);
    pwrite(file, bytes, i % 3 ? PAGE : 100, 0);
    int fd = open(name, O_RDONLY);
    char *at = mmap(0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    int other = open("/dev/null", O_RDONLY);
    sum += at[0] + 3 * at[200];
    pwrite(file, "!", 1, i);
    sum += at[i];
    close(other);
    munmap(at, PAGE);
  }
  char *zeros = mmap(0, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("/dev/zero", O_RDWR), 0);
  zeros[5] = 5;
  unlink(name);
  close(file);
  printf("files: %ld %d\n", sum, zeros[0] + zeros[5]);
}

static void heap(void) {
  long sum = 0;
  char *begin = sbrk(0);
  for (int i = 0; i < 30; i++) {
    sum += (char *)sbrk(0) == begin && brk(begin + 3 * PAGE) == 0;
    begin[2 * PAGE] = i;
    sum += brk(begin + PAGE) == 0 && begin[0] == 0;
    sum += i % 10 || touch(begin + 2 * PAGE) == -SIGSEGV;
    brk(begin);
  }
  printf("heap: %ld\n", sum);
}

/* A signal may come in the midst of any of it. */
static void interrupted(void) {
  struct itimerval often = {{0, 2000}, {0, 2000}};
  long sum = 0;
  setitimer(ITIMER_REAL, &often, 0);
  for (int i = 0; alarms < 30; i++) {
    char *at = map(0, 2 * PAGE, PROT_READ | PROT_WRITE, 0);
    at[0] = 1;
    sum += munmap(at, 2 * PAGE);
  }
  often = (struct itimerval){{0, 0}, {0, 0}};
  setitimer(ITIMER_REAL, &often, 0);
  printf("interrupted: %ld %d\n", sum, alarms >= 30);
}

int main(int argc, char **argv) {
  setvbuf(stdout, 0, _IONBF, 0);
  sigaction(SIGSEGV, &(struct sigaction){.sa_handler = faulted, .sa_flags = SA_NODEFER}, 0);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = alarmed, .sa_flags = SA_RESTART}, 0);
  plain();
  failing();
  text();
  files();
  heap();
  /* How often it is interrupted is not the same each time. */
  if (argc == 1) interrupted();
  return 0;
}
