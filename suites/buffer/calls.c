/* System calls that can be done without a stop, in the midst of all that stops: signals, threads, children, other programs,
   flags and registers that a call keeps, bad addresses, pages that are protected. Says nothing that differs between runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long raw(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

/* Makes a call whose arguments are 1 and a pointer. 0 if all registers but rax, rcx and r11 survive, the flags and what is
   below the stack pointer too, with rcx as the address behind the call, and r11 as the flags. */
long registers_lost(long number, void *to);
__asm__(
    ".text\nregisters_lost:\n"
    " push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n push %rsi\n"
    " mov %rdi, %rax\n mov $1, %edi\n mov $2, %edx\n mov $3, %r10d\n mov $4, %r8d\n mov $5, %r9d\n mov $6, %ebx\n"
    " mov $7, %ebp\n mov $8, %r12d\n mov $9, %r13d\n mov $10, %r14d\n mov $11, %r15d\n"
    " movq $12, -16(%rsp)\n movq $13, -128(%rsp)\n"
    " std\n stc\n syscall\n1: pushfq\n cld\n pop %rax\n"
    " cmp %rax, %r11\n jne 2f\n and $0x401, %eax\n cmp $0x401, %eax\n jne 2f\n"
    " lea 1b(%rip), %rax\n cmp %rax, %rcx\n jne 2f\n cmp %rsi, (%rsp)\n jne 2f\n"
    " cmp $1, %rdi\n jne 2f\n cmp $2, %rdx\n jne 2f\n cmp $3, %r10\n jne 2f\n cmp $4, %r8\n jne 2f\n"
    " cmp $5, %r9\n jne 2f\n cmp $6, %rbx\n jne 2f\n cmp $7, %rbp\n jne 2f\n cmp $8, %r12\n jne 2f\n"
    " cmp $9, %r13\n jne 2f\n cmp $10, %r14\n jne 2f\n cmp $11, %r15\n jne 2f\n"
    " cmpq $12, -16(%rsp)\n jne 2f\n cmpq $13, -128(%rsp)\n jne 2f\n"
    " xor %eax, %eax\n jmp 3f\n2: mov $1, %eax\n"
    "3: pop %rsi\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");

static volatile int signals;
static void caught(int signal) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  signals += signal == SIGALRM && now.tv_sec > 0;
}

static int sorted(const struct timespec *a, const struct timespec *b) {
  return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec <= b->tv_nsec);
}

static void *clocks(void *argument) {
  struct timespec last = {0, 0}, now;
  long backwards = 0;
  for (int i = 0; i < 3000; i++) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    backwards += !sorted(&last, &now);
    last = now;
    if (i % 1000 == 0) sched_yield();
  }
  return (void *)(backwards + (raw(SYS_gettid, 0, 0, 0) == raw(SYS_getpid, 0, 0, 0)) + (argument != 0));
}

static void all_of_them(void) {
  struct timespec spec = {-1, -1};
  struct timeval now = {-1, -1};
  struct timezone zone = {-1, -1};
  time_t seconds = -1;
  struct tms tms;
  struct rusage usage;
  struct sysinfo info;
  struct utsname name;
  unsigned cpu = -1, node = -1;
  long ok = 0;
  ok += raw(SYS_clock_gettime, CLOCK_REALTIME, (long)&spec, 0) == 0 && spec.tv_sec > 0;
  ok += raw(SYS_clock_getres, CLOCK_REALTIME, (long)&spec, 0) == 0 && spec.tv_sec == 0;
  ok += raw(SYS_clock_getres, CLOCK_REALTIME, 0, 0) == 0;
  ok += raw(SYS_gettimeofday, (long)&now, (long)&zone, 0) == 0 && now.tv_usec >= 0 && zone.tz_dsttime != -1;
  ok += raw(SYS_gettimeofday, 0, 0, 0) == 0;
  ok += raw(SYS_time, (long)&seconds, 0, 0) == seconds;
  ok += raw(SYS_time, 0, 0, 0) >= seconds;
  ok += raw(SYS_times, (long)&tms, 0, 0) != -1;
  ok += raw(SYS_getrusage, RUSAGE_SELF, (long)&usage, 0) == 0 && usage.ru_maxrss > 0;
  ok += raw(SYS_sysinfo, (long)&info, 0, 0) == 0 && info.procs > 0;
  ok += raw(SYS_uname, (long)&name, 0, 0) == 0 && strcmp(name.sysname, "Linux") == 0;
  ok += raw(SYS_getcpu, (long)&cpu, (long)&node, 0) == 0 && cpu != -1u && node != -1u;
  ok += raw(SYS_getpid, 0, 0, 0) == raw(SYS_gettid, 0, 0, 0);
  ok += raw(SYS_getppid, 0, 0, 0) > 0;
  ok += raw(SYS_getuid, 0, 0, 0) == raw(SYS_geteuid, 0, 0, 0);
  ok += raw(SYS_getpgid, 0, 0, 0) == raw(SYS_getpgrp, 0, 0, 0);
  printf("all: %ld\n", ok);
}

static void bad_addresses(void) {
  char *page = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(page + 4096, 4096, PROT_READ);
  long results[] = {
      raw(SYS_clock_gettime, CLOCK_REALTIME, 8, 0),
      raw(SYS_clock_gettime, CLOCK_REALTIME, (long)page + 4096, 0),
      raw(SYS_clock_gettime, CLOCK_REALTIME, (long)page + 4096 - 8, 0), /* half of it can be written */
      raw(SYS_clock_gettime, 12345, (long)page, 0),
      raw(SYS_time, 16, 0, 0),
      raw(SYS_getpgid, -5, 0, 0),
  };
  for (unsigned i = 0; i < sizeof results / sizeof *results; i++) printf(" %ld", results[i]);
  printf(" %d\n", page[4090] != 0);
  /* The high half of rax is none of the kernel's business. */
  printf("high half: %d\n", raw(SYS_getpid | (1l << 40), 0, 0, 0) == getpid());
}

int main(int argc, char **argv) {
  setvbuf(stdout, 0, _IOLBF, 0);
  if (argc > 2) {
    for (int i = 0; i < 500; i++) raw(SYS_getuid, 0, 0, 0);
    printf("executed\n");
    return 0;
  }
  long repeat = argc > 1 ? atol(argv[1]) : 1;
  all_of_them();
  bad_addresses();
  struct timespec now;
  printf("registers: %ld %ld %ld\n", registers_lost(SYS_clock_gettime, &now), registers_lost(SYS_getpid, &now),
         registers_lost(SYS_sched_yield, &now));
  signal(SIGALRM, caught);
  struct itimerval often = {{0, 2000}, {0, 2000}};
  setitimer(ITIMER_REAL, &often, 0);
  long sum = 0;
  while (signals < 5 * repeat) sum += clock_gettime(CLOCK_REALTIME, &now);
  setitimer(ITIMER_REAL, &(struct itimerval){0}, 0);
  printf("signals: %d %ld\n", signals >= 5, sum);
  pthread_t threads[3];
  long wrong = 0;
  for (int i = 0; i < 3; i++) pthread_create(&threads[i], 0, clocks, 0);
  wrong += (long)clocks(0) - 1;
  for (int i = 0; i < 3; i++) {
    void *result;
    pthread_join(threads[i], &result);
    wrong += (long)result;
  }
  printf("wrong: %ld\n", wrong);
  for (int i = 0; i < 2; i++) {
    pid_t child = i ? vfork() : fork();
    if (child == 0) {
      for (int k = 0; k < 100; k++) raw(SYS_getppid, 0, 0, 0);
      if (i) execl(argv[0], argv[0], "1", "again", (char *)0);
      _exit(7);
    }
    int status;
    for (int k = 0; k < 300; k++) raw(SYS_gettid, 0, 0, 0);
    waitpid(child, &status, 0);
    printf("child: %d\n", WEXITSTATUS(status));
  }
  return 3;
}
