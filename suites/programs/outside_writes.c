/* Memory that others change: another process by its means, and the kernel for a lock that is waited for. */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

static volatile int value = 1;
static pthread_mutex_t inheriting;
static int shared_count;

/* A child that ends with what somebody else has put into its memory by then. */
static pid_t child_to_change(int *go) {
  int ends[2];
  char byte;
  CHECK(pipe(ends) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    CHECK(read(ends[0], &byte, 1) == 1);
    _exit(value);
  }
  *go = ends[1];
  return pid;
}

static void ends_with(pid_t pid, int go, int expected) {
  int status;
  CHECK(write(go, "g", 1) == 1 && waitpid(pid, &status, 0) == pid);
  printf("child ended with %d\n", WEXITSTATUS(status));
  CHECK(WEXITSTATUS(status) == expected);
}

static void by_process_vm_writev(void) {
  int go, other = 42;
  pid_t pid = child_to_change(&go);
  struct iovec from = {&other, sizeof(other)}, to = {(void *)&value, sizeof(value)};
  CHECK(process_vm_writev(pid, &from, 1, &to, 1, 0) == sizeof(value));
  ends_with(pid, go, 42);
}

static void by_proc_mem(void) {
  char path[64];
  int go, other = 43;
  pid_t pid = child_to_change(&go);
  snprintf(path, sizeof(path), "/proc/%d/mem", pid);
  int fd = open(path, O_RDWR);
  CHECK(fd >= 0 && pwrite(fd, &other, sizeof(other), (off_t)(uintptr_t)&value) == sizeof(other));
  ends_with(pid, go, 43);
}

/* Code that is changed where it can't be written: through the file of the own memory. */
static void own_code(void) {
  unsigned char code[] = {0x8d, 0x47, 0, 0xc3}; /* lea eax, [rdi + n]; ret */
  unsigned char *text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  int fd = open("/proc/self/mem", O_RDWR), sum = 0;
  CHECK(text != MAP_FAILED && fd >= 0);
  for (code[2] = 1; code[2] <= 20; code[2]++) {
    CHECK(pwrite(fd, code, sizeof(code), (off_t)(uintptr_t)text) == sizeof(code));
    sum += ((int (*)(int))text)(100);
  }
  printf("sum %d\n", sum);
  CHECK(sum == 20 * 100 + 210);
}

static void *lock_often(void *unused) {
  for (int i = 0; i < 300; i++) {
    CHECK(pthread_mutex_lock(&inheriting) == 0);
    shared_count++;
    if (i % 10 == 0) sched_yield();
    CHECK(pthread_mutex_unlock(&inheriting) == 0);
  }
  return unused;
}

static void priority_inheritance(void) {
  pthread_mutexattr_t attributes;
  pthread_t threads[4];
  pthread_mutexattr_init(&attributes);
  CHECK(pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT) == 0);
  CHECK(pthread_mutex_init(&inheriting, &attributes) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, lock_often, NULL) == 0);
  for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  printf("counted %d\n", shared_count);
  CHECK(shared_count == 1200);
}

int main(void) {
  by_process_vm_writev();
  by_proc_mem();
  own_code();
  priority_inheritance();
  return succeed();
}
