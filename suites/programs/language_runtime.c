/*
 * What the runtime of a language such as Go does at once: a monitor that naps for microseconds and interrupts the thread
 * that computes (SIGURG, on a stack of its own, which sends it to a scheduler and back), a poller that is woken through a
 * descriptor, and many small files that are mapped shared and only read.
 */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { FILES = 150, PARKS = 30, PAGE = 4096, RED_ZONE = 128 };
static char handler_stack[16 * PAGE];
static volatile int worker_id;
/* The worker may be sent away where it stands. */
volatile int computing;
int parks;

/* A scheduler's door: nothing of the interrupted thread is changed, and it yields in there. */
void parked(void);
__asm__(
    ".text\n"
    "parked:\n"
    "  pushfq; push %rax; push %rcx; push %r11\n"
    "  mov $24, %eax\n" /* sched_yield */
    "  syscall\n"
    "  incl parks(%rip)\n"
    "  movl $1, computing(%rip)\n"
    "  pop %r11; pop %rcx; pop %rax; popfq\n"
    "  ret $128\n");

/* As if the interrupted instruction had been preceded by a call, made below the red zone. */
static void on_urgent(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  if (!computing) return;
  computing = 0;
  uint64_t *top = (uint64_t *)(registers[REG_RSP] - RED_ZONE - 8);
  *top = (uint64_t)registers[REG_RIP];
  registers[REG_RSP] = (greg_t)top;
  registers[REG_RIP] = (greg_t)parked;
}

/* Not to be computed once and for all by the compiler: interrupts come in here. */
static __attribute__((noinline)) uint64_t compute(volatile uint64_t from, uint64_t turns) {
  for (uint64_t turn = 0; turn < turns; turn++) from = mix(from, turn);
  return from;
}

static void *work(void *unused) {
  (void)unused;
  stack_t stack = {.ss_sp = handler_stack, .ss_size = sizeof(handler_stack)};
  CHECK(sigaltstack(&stack, NULL) == 0);
  const uint64_t expected = compute(1, 5000);
  worker_id = (int)syscall(SYS_gettid);
  while (__atomic_load_n(&parks, __ATOMIC_RELAXED) < PARKS) {
    computing = 1;
    const uint64_t got = compute(1, 5000);
    computing = 0;
    CHECK(got == expected);
  }
  return NULL;
}

static void *monitor(void *event) {
  const uint64_t one = 1;
  const struct timespec nap = {.tv_nsec = 20000};
  while (__atomic_load_n(&parks, __ATOMIC_RELAXED) < PARKS) {
    nanosleep(&nap, NULL);
    if (worker_id != 0) syscall(SYS_tgkill, getpid(), worker_id, SIGURG);
  }
  CHECK(write(*(int *)event, &one, sizeof(one)) == sizeof(one));
  return NULL;
}

/* Maps many files, one after the other, and reads each where it is mapped. */
static void map_files(int poller) {
  char folder[] = "/tmp/tickproof-index-XXXXXX", path[64], text[16];
  const char *shown[FILES];
  CHECK(mkdtemp(folder) != NULL);
  for (int index = 0; index < FILES; index++) {
    snprintf(path, sizeof(path), "%s/%d", folder, index);
    const int length = snprintf(text, sizeof(text), "file %d", index);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && write(fd, text, (size_t)length + 1) == length + 1 && close(fd) == 0);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    struct epoll_event wanted = {.events = EPOLLIN};
    /* Regular files can't be polled: a runtime tries all the same. */
    CHECK(fd >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, fd, &wanted) == -1);
    shown[index] = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(shown[index] != MAP_FAILED && close(fd) == 0 && unlink(path) == 0);
  }
  for (int index = 0; index < FILES; index++) {
    snprintf(text, sizeof(text), "file %d", index);
    CHECK(strcmp(shown[index], text) == 0);
  }
  CHECK(rmdir(folder) == 0);
}

int main(void) {
  pthread_t threads[2];
  int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  const int poller = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event wanted = {.events = EPOLLIN}, got;
  CHECK(event >= 0 && poller >= 0 && epoll_ctl(poller, EPOLL_CTL_ADD, event, &wanted) == 0);
  handle(SIGURG, on_urgent, SA_ONSTACK | SA_RESTART);
  CHECK(pthread_create(&threads[0], NULL, work, NULL) == 0);
  CHECK(pthread_create(&threads[1], NULL, monitor, &event) == 0);
  map_files(poller);
  CHECK(TEMP_FAILURE_RETRY(epoll_pwait(poller, &got, 1, -1, NULL)) == 1);
  for (int index = 0; index < 2; index++) CHECK(pthread_join(threads[index], NULL) == 0);
  return succeed();
}
