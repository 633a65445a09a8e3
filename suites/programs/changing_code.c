/* Code that changes by every route there is: stores, system calls, other mappings, its file, other processes. After
 * each change the new code runs. */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { PAGE = 4096, RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, RWX = RW | PROT_EXEC };

/* mov eax, n; ret */
struct code {
  unsigned char bytes[6];
};

static struct code returning(int n) {
  struct code code = {{0xb8, 0, 0, 0, 0, 0xc3}};
  memcpy(code.bytes + 1, &n, sizeof n);
  return code;
}

static void put(void *at, int n) {
  const struct code code = returning(n);
  memcpy(at, &code, sizeof code);
}

static int run(void *at) { return ((int (*)(void))at)(); }

static void *map(void *at, int protection, int flags, int fd) {
  void *mapped = mmap(at, PAGE, protection, flags, fd, 0);
  CHECK(mapped != MAP_FAILED);
  return mapped;
}

static int file_with(int n) {
  const int fd = memfd_create("code", 0);
  const struct code code = returning(n);
  CHECK(fd >= 0 && ftruncate(fd, PAGE) == 0 && pwrite(fd, &code, sizeof code, 0) == sizeof code);
  return fd;
}

static void show(const char *what, int before, int after) { printf("%-24s %d %d\n", what, before, after); }

/* System calls write into text that is writable. */
static void by_calls(void) {
  unsigned char *text = map(NULL, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  struct code next = returning(2);
  struct iovec from = {&next, sizeof next}, to = {text, sizeof next};
  struct iovec parts[] = {{text, 1}, {text + 1, 4}, {text + 5, 1}};
  int ends[2], before;
  put(text, 1);
  before = run(text);
  CHECK(process_vm_writev(getpid(), &from, 1, &to, 1, 0) == sizeof next);
  show("process_vm_writev", before, run(text));
  next = returning(3);
  CHECK(pipe(ends) == 0 && write(ends[1], &next, sizeof next) == sizeof next);
  before = run(text);
  CHECK(read(ends[0], text, sizeof next) == sizeof next);
  show("read", before, run(text));
  next = returning(4);
  CHECK(write(ends[1], &next, sizeof next) == sizeof next && readv(ends[0], parts, 3) == sizeof next);
  show("readv", 3, run(text));
  next = returning(5);
  to.iov_base = &next;
  from.iov_base = text;
  CHECK(process_vm_readv(getpid(), &from, 1, &to, 1, 0) == sizeof next);
  put(text, 6);
  before = run(text);
  to.iov_base = text;
  from.iov_base = &next;
  CHECK(process_vm_readv(getpid(), &to, 1, &from, 1, 0) == sizeof next);
  show("process_vm_readv", before, run(text));
  const int memory = open("/proc/self/mem", O_RDWR);
  next = returning(7);
  CHECK(memory >= 0 && pwrite(memory, &next, sizeof next, (off_t)(uintptr_t)text) == sizeof next);
  show("/proc/self/mem", 4, run(text));
  next = returning(8);
  from.iov_base = &next;
  CHECK(mprotect(text, PAGE, RX) == 0);
  before = run(text);
  CHECK(lseek(memory, (off_t)(uintptr_t)text, SEEK_SET) > 0 && writev(memory, &from, 1) == sizeof next);
  show("/proc/self/mem, read-only", before, run(text));
  CHECK(process_vm_writev(getpid(), &from, 1, &to, 1, 0) == -1);
  CHECK(close(memory) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0 && munmap(text, PAGE) == 0);
}

/* The address shows other memory. */
static void by_mappings(void) {
  const int one = file_with(11), two = file_with(12);
  unsigned char *text = map(NULL, RX, MAP_PRIVATE, one);
  int before = run(text);
  map(text, RX, MAP_PRIVATE | MAP_FIXED, two);
  show("mmap", before, run(text));
  unsigned char *other = map(NULL, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  put(other, 13);
  before = run(other);
  CHECK(mremap(other, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, text) == text);
  show("mremap", before, run(text));
  CHECK(munmap(text, PAGE) == 0 && map(text, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1) == text);
  put(text, 14);
  show("munmap", 13, run(text));
  /* A private page that loses what was written to it shows its file again. */
  map(text, RWX, MAP_PRIVATE | MAP_FIXED, one);
  put(text, 15);
  before = run(text);
  CHECK(madvise(text, PAGE, MADV_DONTNEED) == 0);
  show("MADV_DONTNEED", before, run(text));
  /* Before a hole it is done, though the call fails. */
  unsigned char *room = mmap(NULL, 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(room != MAP_FAILED && munmap(room + PAGE, PAGE) == 0);
  text = map(room, RWX, MAP_PRIVATE | MAP_FIXED, one);
  put(text, 16);
  before = run(text);
  CHECK(madvise(text, 2 * PAGE, MADV_DONTNEED) == -1);
  show("MADV_DONTNEED, partly", before, run(text));
  CHECK(mprotect(text, PAGE, RW) == 0);
  put(text, 17);
  CHECK(mprotect(text, PAGE, RX) == 0);
  show("mprotect", 11, run(text));
}

/* The file of the text changes: by calls, and by stores through another mapping of it, shared or private text alike. */
static void by_file(int flags, const char *what) {
  const int fd = file_with(21);
  struct code next = returning(22);
  unsigned char *text = map(NULL, RX, flags, fd);
  int before = run(text);
  CHECK(pwrite(fd, &next, sizeof next, 0) == sizeof next);
  show(what, before, run(text));
  unsigned char *window = map(NULL, RW, MAP_SHARED, fd);
  for (int n = 23; n < 26; n++) {
    before = run(text);
    put(window, n);
    show(what, before, run(text));
  }
  before = run(text);
  CHECK(ftruncate(fd, 0) == 0 && ftruncate(fd, PAGE) == 0);
  put(window, 27);
  show(what, before, run(text));
}

/* What one process writes another one runs, which has run something else there before. */
static void by_another_process(void *text, void *window, const char *what) {
  int go[2], done[2];
  char byte = 0;
  put(window, 31);
  CHECK(pipe(go) == 0 && pipe(done) == 0 && run(text) == 31);
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    for (int n = 0; n < 4; n++) {
      CHECK(read(go[0], &byte, 1) == 1);
      printf("%s %d\n", what, run(text));
      fflush(stdout);
      CHECK(write(done[1], &byte, 1) == 1);
    }
    CHECK(read(go[0], &byte, 1) == 1);
    put(window, 36);
    _exit(0);
  }
  for (int n = 0; n < 4; n++) {
    CHECK(write(go[1], &byte, 1) == 1 && read(done[0], &byte, 1) == 1);
    printf("%s %d\n", what, run(text));
    put(window, 32 + n);
  }
  int status;
  CHECK(write(go[1], &byte, 1) == 1 && waitpid(pid, &status, 0) == pid && status == 0);
  printf("%s %d\n", what, run(text));
}

/* Text of another process is written to by a call, while that process waits in one. */
static void remotely(void) {
  int go[2], done[2], status;
  char path[64], byte = 0;
  unsigned char *text = map(NULL, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
  put(text, 41);
  CHECK(pipe(go) == 0 && pipe(done) == 0 && run(text) == 41);
  fflush(stdout);
  const pid_t pid = fork();
  if (pid == 0) {
    int sum = 0;
    for (int i = 0; i < 3; i++) {
      sum += run(text);
      CHECK(write(done[1], &byte, 1) == 1 && read(go[0], &byte, 1) == 1);
    }
    _exit(sum);
  }
  struct code next = returning(42);
  struct iovec from = {&next, sizeof next}, to = {text, sizeof next};
  CHECK(read(done[0], &byte, 1) == 1);
  CHECK(process_vm_writev(pid, &from, 1, &to, 1, 0) == sizeof next && write(go[1], "g", 1) == 1);
  CHECK(read(done[0], &byte, 1) == 1);
  snprintf(path, sizeof path, "/proc/%d/mem", pid);
  const int memory = open(path, O_RDWR);
  next = returning(43);
  CHECK(memory >= 0 && pwrite(memory, &next, sizeof next, (off_t)(uintptr_t)text) == sizeof next);
  CHECK(write(go[1], "g", 1) == 1 && read(done[0], &byte, 1) == 1);
  CHECK(write(go[1], "g", 1) == 1 && waitpid(pid, &status, 0) == pid);
  printf("remotely %d %d\n", WEXITSTATUS(status), run(text));
  CHECK(WEXITSTATUS(status) == 41 + 42 + 43);
}

int main(void) {
  by_calls();
  by_mappings();
  by_file(MAP_SHARED, "file, shared");
  by_file(MAP_PRIVATE, "file, private");
  const int fd = file_with(0);
  by_another_process(map(NULL, RX, MAP_SHARED, fd), map(NULL, RW, MAP_SHARED, fd), "another's, by file");
  void *both = map(NULL, RWX, MAP_SHARED | MAP_ANONYMOUS, -1);
  by_another_process(both, both, "another's, without");
  remotely();
  return succeed();
}
