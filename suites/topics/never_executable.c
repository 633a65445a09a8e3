/* Memory that was writable never becomes executable, by the program's own rule: who has it, and what it forbids. */
#include "../tickproof.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { SET_MDWE = 65, GET_MDWE = 66, REFUSE = 1, NOT_INHERITED = 2, PAGE = 4096 };
enum { READ_WRITE = PROT_READ | PROT_WRITE, READ_EXECUTE = PROT_READ | PROT_EXEC };

static char *map(int protection) {
  char *memory = mmap(NULL, 2 * PAGE, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

static void forbids(void) {
  errno = 0;
  CHECK(map(READ_WRITE | PROT_EXEC) == NULL && errno == EACCES);
  char *data = map(READ_WRITE), *code = map(READ_EXECUTE);
  CHECK(data && code);
  data[0] = 1;
  CHECK(mprotect(data, PAGE, READ_EXECUTE) < 0 && errno == EACCES);
  CHECK(mprotect(data, PAGE, PROT_READ) == 0 && data[0] == 1);
  CHECK(mprotect(data, PAGE, READ_EXECUTE) < 0 && errno == EACCES);
  CHECK(mprotect(code, PAGE, READ_WRITE | PROT_EXEC) < 0 && errno == EACCES);
  CHECK(mprotect(code, 2 * PAGE, READ_EXECUTE) == 0);
  /* The first page is given up before the second one ends it. */
  CHECK(mprotect(code + PAGE, PAGE, PROT_READ) == 0);
  CHECK(mprotect(code, 2 * PAGE, PROT_EXEC) < 0 && errno == EACCES);
  CHECK(mprotect(code + 1, PAGE, READ_EXECUTE) < 0 && errno == EINVAL);
  CHECK(munmap(data, PAGE) == 0 && mprotect(data, PAGE, READ_EXECUTE) < 0 && errno == ENOMEM);
}

static void allows(void) {
  char *both = map(READ_WRITE | PROT_EXEC);
  CHECK(both);
  both[0] = (char)0xc3;
  ((void (*)(void))both)();
}

static void child(int expected) {
  const pid_t pid = fork();
  if (pid == 0) {
    CHECK(prctl(GET_MDWE, 0, 0, 0, 0) == expected);
    if (expected) forbids();
    else allows();
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void rule(int bits, int inherited) {
  const pid_t pid = fork();
  if (pid == 0) {
    /* Linux 6.6 brought rules that are not inherited. */
    if (prctl(SET_MDWE, bits, 0, 0, 0) < 0) _exit(errno == EINVAL && bits & NOT_INHERITED ? 0 : 1);
    CHECK(prctl(GET_MDWE, 0, 0, 0, 0) == bits);
    forbids();
    CHECK(prctl(SET_MDWE, 0, 0, 0, 0) < 0 && errno == EPERM && prctl(SET_MDWE, bits, 0, 0, 0) == 0);
    child(inherited);
    _exit(0);
  }
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

int main(void) {
  allows();
  CHECK(prctl(SET_MDWE, 8, 0, 0, 0) < 0 && errno == EINVAL);
  if (prctl(GET_MDWE, 0, 0, 0, 0) < 0) {
    CHECK(errno == EINVAL);
    puts("a kernel from before Linux 6.3");
    return succeed();
  }
  CHECK(prctl(GET_MDWE, 1, 0, 0, 0) < 0 && errno == EINVAL);
  rule(REFUSE, REFUSE);
  CHECK(prctl(SET_MDWE, NOT_INHERITED, 0, 0, 0) < 0 && errno == EINVAL);
  rule(REFUSE | NOT_INHERITED, 0);
  allows();
  return succeed();
}
