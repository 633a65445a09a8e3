/* Stacks that grow, whose limit the program changes, with other memory in their way; and programs that are executed with
 * another limit. */
#include "../tickproof.h"
#include <errno.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { PAGE = 4096, MEGABYTE = 1 << 20 };
static sigjmp_buf back;

static void on_fault(int signal) { siglongjmp(back, signal); }

/* Whether a byte so far below the present frame can be touched. */
static int reaches(long below) {
  volatile char here = 0;
  if (sigsetjmp(back, 1)) return 0;
  ((volatile char *)&here)[-below] = 1;
  return 1;
}

static void show(const char *what) {
  static const int depths[] = {1, 3, 5, 7, 9, 12, 15, 18, 30};
  printf("%-20s", what);
  for (unsigned i = 0; i < sizeof depths / sizeof *depths; i++)
    putchar(reaches((long)depths[i] * MEGABYTE - MEGABYTE / 2) ? 'y' : 'n');
  putchar('\n');
  fflush(stdout);
}

static void limit(rlim_t soft) {
  struct rlimit limits;
  CHECK(getrlimit(RLIMIT_STACK, &limits) == 0);
  limits.rlim_cur = soft;
  CHECK(setrlimit(RLIMIT_STACK, &limits) == 0);
}

static void *in_thread(void *unused) {
  show("thread");
  return unused;
}

static void in_a_child(void (*test)(void)) {
  int status;
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    test();
    fflush(stdout);
    _exit(0);
  }
  CHECK(waitpid(pid, &status, 0) == pid);
  printf("status %d\n", status);
}

static void raised(void) {
  show("8");
  limit(16 * MEGABYTE);
  show("16");
}

static void lowered(void) {
  limit(4 * MEGABYTE);
  show("4");
  limit(12 * MEGABYTE);
  show("12");
}

static void lowered_late(void) {
  CHECK(reaches(6 * MEGABYTE));
  limit(2 * MEGABYTE);
  show("2, grown before");
}

static void by_prlimit(void) {
  struct rlimit limits = {10 * MEGABYTE, RLIM_INFINITY}, before;
  CHECK(prlimit(getpid(), RLIMIT_STACK, &limits, &before) == 0 || errno == EPERM);
  limits.rlim_max = before.rlim_max;
  CHECK(prlimit(0, RLIMIT_STACK, &limits, NULL) == 0);
  show("prlimit 10");
}

/* Memory in the way: the stack keeps off from it. */
static void in_the_way(void) {
  char here, *stack = (char *)((uintptr_t)&here & -(uintptr_t)PAGE);
  char *page = mmap(stack - 5 * MEGABYTE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(page == stack - 5 * MEGABYTE);
  *page = 'w';
  show("in the way");
  CHECK(munmap(page, PAGE) == 0);
  show("out of the way");
  CHECK(mmap(page, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
  show("not to be touched");
}

static void cut(void) {
  char here, *stack = (char *)((uintptr_t)&here & -(uintptr_t)PAGE);
  CHECK(reaches(3 * MEGABYTE));
  CHECK(munmap(stack - 2 * MEGABYTE, MEGABYTE) == 0);
  show("with a hole");
}

static void overflown(void) {
  struct sigaction action = {.sa_handler = SIG_DFL};
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
  limit(MEGABYTE);
  volatile char *at = (volatile char *)&action;
  for (;;) *(at -= PAGE) = 1;
}

static void growing(void) {
  char *room = mmap(NULL, 4 * MEGABYTE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(room != MAP_FAILED && munmap(room, 4 * MEGABYTE) == 0);
  char *top = mmap(room + 4 * MEGABYTE - PAGE, PAGE, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
  CHECK(top != MAP_FAILED);
  for (int i = 0; i < 5; i++) {
    volatile char *at = top - (long)i * MEGABYTE / 2;
    if (sigsetjmp(back, 1)) putchar('n');
    else {
      *at = 1;
      putchar('y');
    }
  }
  putchar('\n');
}

int main(int count, char **arguments) {
  static char own[65536];
  const stack_t alternate = {.ss_sp = own, .ss_size = sizeof own};
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK | SA_NODEFER};
  CHECK(sigaltstack(&alternate, NULL) == 0);
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
  if (count > 1) {
    show(arguments[1]);
    return 0;
  }
  limit(8 * MEGABYTE);
  in_a_child(raised);
  in_a_child(lowered);
  in_a_child(lowered_late);
  in_a_child(by_prlimit);
  in_a_child(in_the_way);
  in_a_child(cut);
  in_a_child(overflown);
  in_a_child(growing);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
  static const struct {
    rlim_t limit;
    const char *name;
  } programs[] = {{4 * MEGABYTE, "executed, 4"}, {16 * MEGABYTE, "executed, 16"}};
  for (int i = 0; i < 2; i++) {
    limit(programs[i].limit);
    fflush(stdout);
    if (fork() == 0) {
      execl(arguments[0], arguments[0], programs[i].name, NULL);
      _exit(1);
    }
    CHECK(wait(NULL) > 0);
  }
  return succeed();
}
