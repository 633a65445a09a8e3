/* Memory that few programs ask for: only to be executed, or dropped by the kernel, with advice for more than there is, and a
 * stack for signals where nothing is. */
#include "../tickproof.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>

enum { PAGE = 4096, DROPPABLE = 8, ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };

static int end_of(void (*body)(void)) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

static char *memory;

static void look_at_code(void) {
  CHECK(((volatile unsigned char *)memory)[0] == 0xc3);
  ((void (*)(void))memory)();
}

static void implied(void) {
  CHECK(personality(READ_IMPLIES_EXEC) >= 0 && personality(0xffffffff) == READ_IMPLIES_EXEC);
  char *code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
  memory[0] = code[0] = code[PAGE] = (char)0xc3;
  ((void (*)(void))code)();
  CHECK(mprotect(memory, PAGE, PROT_READ | PROT_WRITE) == 0 && mprotect(code, PAGE, PROT_READ) == 0);
  ((void (*)(void))memory)();
  ((void (*)(void))code)();
  CHECK(personality(0) == READ_IMPLIES_EXEC && mprotect(code, PAGE, PROT_READ) == 0);
  ((void (*)(void))(code + PAGE))();
  ((void (*)(void))code)();
}

static void look_at_nothing(void) { CHECK(memory[0] == 0 && memory[PAGE] == 0); }

static void note(int signal, siginfo_t *info, void *context) { (void)signal, (void)info, (void)context; }

static void signal_to_nowhere(void) {
  const stack_t nowhere = {.ss_sp = (void *)0x1000, .ss_size = 0x10000};
  CHECK(sigaltstack(&nowhere, NULL) == 0);
  handle(SIGUSR1, note, SA_ONSTACK);
  raise(SIGUSR1);
}

int main(void) {
  memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
  memory[0] = (char)0xc3;
  CHECK(mprotect(memory, PAGE, PROT_EXEC) == 0);
  const int status = end_of(look_at_code);
  /* Where there are protection keys, it can only be executed (mprotect(2)). */
  CHECK(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV));
  ((void (*)(void))memory)();
  CHECK(mprotect(memory, 2 * PAGE, PROT_READ | PROT_WRITE) == 0);
  char *code = mmap(NULL, PAGE, PROT_EXEC, ANONYMOUS, -1, 0);
  CHECK(code != MAP_FAILED && munmap(code, PAGE) == 0);

  /* Too much wraps around, and does nothing. */
  memory[PAGE] = 5;
  CHECK(madvise(memory, (size_t)-1, MADV_DONTNEED) < 0 && errno == EINVAL && memory[PAGE] == 5);
  CHECK(madvise(memory, (size_t)-1, MADV_NORMAL) < 0 && errno == EINVAL);
  CHECK(mprotect(memory, (size_t)-PAGE, PROT_READ) < 0 && errno == ENOMEM && (memory[0] = 4));
  CHECK(munmap(memory, (size_t)-PAGE) < 0 && errno == EINVAL && memory[0] == 4);
  CHECK(msync(memory, (size_t)-PAGE, MS_ASYNC) < 0 && errno == ENOMEM);
  CHECK(mlock(memory, (size_t)-PAGE) < 0 && (errno == EINVAL || errno == ENOMEM || errno == EPERM));

  memory = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, DROPPABLE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    CHECK(errno == EINVAL);
    puts("a kernel from before Linux 6.11");
  } else {
    memory[0] = memory[PAGE] = 1;
    CHECK(end_of(look_at_nothing) == 0 && memory[PAGE] <= 1);
    CHECK(madvise(memory, PAGE, MADV_KEEPONFORK) < 0 && errno == EINVAL);
  }
  memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, ANONYMOUS, -1, 0);
  const int last = end_of(implied);
  CHECK(WIFSIGNALED(last) && WTERMSIG(last) == SIGSEGV);
  const int nowhere = end_of(signal_to_nowhere);
  CHECK(WIFSIGNALED(nowhere) && WTERMSIG(nowhere) == SIGSEGV);
  return succeed();
}
