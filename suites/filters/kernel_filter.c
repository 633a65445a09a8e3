/*
 * Has the kernel check and run filters: each is put on a process of its own, which then makes one system call. Cases come from
 * standard input: u32 count of instructions, u32 whether to make the call, the instructions, six arguments of u64. To standard
 * output go u64, where the call comes from, and for each case two of i32: what seccomp has said, and what the call.
 */
#include "../tickproof.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { NO_CALL = 999, MOST = 8192 };

static struct sock_filter filter[MOST];
extern const char behind_call[];

static void take(void *bytes, size_t length) {
  CHECK(fread(bytes, 1, length, stdin) == length);
}

static void give(const void *bytes, size_t length) {
  CHECK(fwrite(bytes, 1, length, stdout) == length);
}

static __attribute__((noinline, noclone)) long call(const uint64_t *arguments) {
  register uint64_t r10 __asm__("r10") = arguments[3], r8 __asm__("r8") = arguments[4], r9 __asm__("r9") = arguments[5];
  long result;
  __asm__ volatile("syscall\nbehind_call:"
                   : "=a"(result)
                   : "a"((long)NO_CALL), "D"(arguments[0]), "S"(arguments[1]), "d"(arguments[2]), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  return result;
}

int main(void) {
  volatile int32_t *outcome = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(outcome != MAP_FAILED);
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  const uint64_t place = (uint64_t)behind_call;
  give(&place, sizeof(place));
  uint32_t head[2];
  while (fread(head, sizeof(head), 1, stdin) == 1) {
    uint64_t arguments[6];
    CHECK(head[0] <= MOST);
    take(filter, head[0] * sizeof(filter[0]));
    take(arguments, sizeof(arguments));
    fflush(stdout);
    outcome[0] = outcome[1] = 1;
    const pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
      struct sock_fprog program = {.len = head[0], .filter = filter};
      outcome[0] = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0 ? 0 : -errno;
      if (outcome[0] == 0 && head[1]) outcome[1] = call(arguments);
      /* No call is certain to be allowed any more. */
      for (;;) __asm__ volatile("ud2");
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    if (WTERMSIG(status) == SIGSYS) outcome[1] = -4096;
    const int32_t told[] = {outcome[0], outcome[1]};
    give(told, sizeof(told));
  }
  return 0;
}
