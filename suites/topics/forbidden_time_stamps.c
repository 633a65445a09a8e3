/* Time stamps that a program forbids itself: they fault in all its threads and children, and in the programs that follow. */
#include "../tickproof.h"

#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <x86intrin.h>

static sigjmp_buf back;

static void refuse(int signal, siginfo_t *info, void *context) {
  /* #GP, of which the kernel knows no address (exc_general_protection in arch/x86/kernel/traps.c). */
  const greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  CHECK(signal == SIGSEGV && info->si_code == SI_KERNEL && info->si_addr == NULL);
  CHECK(registers[REG_TRAPNO] == 13 && registers[REG_ERR] == 0);
  siglongjmp(back, 1);
}

static int faults(int is_with_processor) {
  if (sigsetjmp(back, 1)) return 1;
  unsigned processor;
  CHECK((is_with_processor ? __rdtscp(&processor) : __rdtsc()) != 0);
  return 0;
}

static void *look(void *expected) {
  CHECK(faults(0) == (expected != NULL) && faults(1) == (expected != NULL));
  return NULL;
}

static void look_everywhere(void *expected) {
  pthread_t thread;
  look(expected);
  CHECK(pthread_create(&thread, NULL, look, expected) == 0 && pthread_join(thread, NULL) == 0);
  const pid_t child = fork();
  if (child == 0) {
    look(expected);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int count, char **arguments) {
  int mode = 0;
  handle(SIGSEGV, refuse, 0);
  CHECK(prctl(PR_GET_TSC, &mode) == 0);
  if (count > 1) {
    CHECK(mode == PR_TSC_SIGSEGV);
    look(main);
    return succeed();
  }
  CHECK(mode == PR_TSC_ENABLE && prctl(PR_SET_TSC, 0) < 0);
  for (int round = 0; round < 3; round++) {
    look_everywhere(NULL);
    CHECK(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
    look_everywhere(look);
    CHECK(prctl(PR_SET_TSC, PR_TSC_ENABLE) == 0);
  }
  /* A dynamic linker may read time stamps before anybody handles their fault: that program may end so. */
  const pid_t child = fork();
  if (child == 0) {
    CHECK(prctl(PR_SET_TSC, PR_TSC_SIGSEGV) == 0);
    execl("/proc/self/exe", arguments[0], "again", (char *)NULL);
    _exit(1);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
  return succeed();
}
