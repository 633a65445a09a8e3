/*
 * A thread sleeps in a system call while another one forks and changes text, so that the code cache of the process is
 * replaced under it. When it comes back its registers are those that any system call leaves: rcx is the address behind
 * the call, all the others but rax and r11 are as before.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int wrong;

static void *sleeper(void *unused) {
  (void)unused;
  struct timespec time = {0, 100000000};
  unsigned long rcx, behind;
  register unsigned long r12 __asm__("r12") = 12, r15 __asm__("r15") = 15;
  __asm__ volatile("syscall\n1: lea 1b(%%rip), %%rdx"
                   : "=c"(rcx), "=d"(behind), "+r"(r12), "+r"(r15)
                   : "a"(35), "D"(&time), "S"(0)
                   : "r11", "memory");
  wrong = rcx != behind || r12 != 12 || r15 != 15;
  return 0;
}

int main(void) {
  /* mov $1, %eax; ret */
  char *code = mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(code, "\xb8\1\0\0\0\xc3", 6);
  int (*function)(void) = (int (*)(void))code;
  int first = function();
  pthread_t thread;
  pthread_create(&thread, 0, sleeper, 0);
  usleep(20000);
  pid_t child = fork();
  if (child == 0)
    for (;;) pause();
  code[1] = 2;
  int second = function();
  pthread_join(thread, 0);
  kill(child, SIGKILL);
  wait(0);
  if (first != 1 || second != 2 || wrong) return 1;
  puts("EXIT-SUCCESS");
  return 0;
}
