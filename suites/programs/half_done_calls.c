/* Calls on memory that fail half-way have done the first half; and the kernel's own view of mappings (joined, split,
 * grown) is the program's to see. */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { PAGE = 4096 };
static sigjmp_buf back;

static void on_fault(int signal) { siglongjmp(back, signal); }

/* "rw" as far as a page can be read and written. */
static const char *rights(volatile char *at) {
  static const char *const names[] = {"--", "r-", "rw"};
  volatile int found = 0;
  if (sigsetjmp(back, 1) == 0) {
    const char byte = *at;
    found = 1;
    *at = byte;
    found = 2;
  }
  return names[found];
}

static int error(long result) { return result == -1 ? errno : 0; }

/* Pages with holes: 'x' is mapped, '-' is not. Each mapped page holds its number. */
static char *pages(const char *plan, int flags, int fd) {
  const int count = (int)strlen(plan);
  char *base = mmap(NULL, (count + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(base != MAP_FAILED && munmap(base, (count + 2) * PAGE) == 0);
  base += PAGE;
  for (int i = 0; i < count; i++) {
    if (plan[i] == '-') continue;
    CHECK(mmap(base + i * PAGE, PAGE, PROT_READ | PROT_WRITE, flags | MAP_FIXED, fd, i * PAGE) != MAP_FAILED);
    base[i * PAGE] = (char)('0' + i);
  }
  return base;
}

static void show(const char *what, int failure, char *base, int count) {
  printf("%-28s %d:", what, failure);
  for (int i = 0; i < count; i++) {
    const char *may = rights(base + i * PAGE);
    printf(" %s%c", may, may[0] == 'r' ? (base[i * PAGE] ? base[i * PAGE] : '.') : '!');
  }
  putchar('\n');
}

static void holes(void) {
  enum { ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS };
  char *base = pages("xx-xx", ANONYMOUS, -1);
  show("madvise", error(madvise(base, 5 * PAGE, MADV_DONTNEED)), base, 5);
  base = pages("-xx", ANONYMOUS, -1);
  show("madvise before", error(madvise(base, 3 * PAGE, MADV_DONTNEED)), base, 3);
  base = pages("xx-xx", ANONYMOUS, -1);
  show("mprotect", error(mprotect(base, 5 * PAGE, PROT_READ)), base, 5);
  base = pages("-xx", ANONYMOUS, -1);
  show("mprotect before", error(mprotect(base, 3 * PAGE, PROT_READ)), base, 3);
  base = pages("xx-x", ANONYMOUS, -1);
  show("mprotect to none", error(mprotect(base, 4 * PAGE, PROT_NONE)), base, 4);
  base = pages("x-x", ANONYMOUS, -1);
  show("munmap", error(munmap(base, 3 * PAGE)), base, 3);
  base = pages("xx-x", ANONYMOUS, -1);
  show("mlock", error(mlock(base, 4 * PAGE)), base, 4);
  CHECK(munlock(base, 2 * PAGE) == 0);
  show("msync", error(msync(base, 4 * PAGE, MS_ASYNC)), base, 4);
  base = pages("xxxx", ANONYMOUS, -1);
  CHECK(mlock(base + 2 * PAGE, PAGE) == 0);
  show("madvise of locked", error(madvise(base, 4 * PAGE, MADV_DONTNEED)), base, 4);
  base = pages("xx-x", ANONYMOUS, -1);
  show("madvise, wipe", error(madvise(base, 4 * PAGE, MADV_WIPEONFORK)), base, 4);
  show("madvise, unknown", error(madvise(base, 4 * PAGE, 12345)), base, 4);
  show("madvise, odd", error(madvise(base + 1, PAGE, MADV_DONTNEED)), base, 4);
}

static void files(void) {
  const int fd = memfd_create("half", 0);
  char name[64];
  CHECK(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  const int only_read = open(name, O_RDONLY);
  char *base = pages("xxxx", MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(mmap(base + 2 * PAGE, PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, only_read, 0) != MAP_FAILED);
  CHECK(mprotect(base, 2 * PAGE, PROT_READ) == 0);
  show("mprotect, not allowed", error(mprotect(base, 4 * PAGE, PROT_READ | PROT_WRITE)), base, 4);
  base = pages("xxxx", MAP_SHARED, fd);
  show("MADV_REMOVE", error(madvise(base, 2 * PAGE, MADV_REMOVE)), base, 4);
  CHECK(mmap(base + 2 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
  base[0] = base[PAGE] = base[2 * PAGE] = 'n';
  show("MADV_REMOVE, partly", error(madvise(base, 4 * PAGE, MADV_REMOVE)), base, 4);
  base[2 * PAGE] = 'n';
  show("MADV_FREE, partly", error(madvise(base + 2 * PAGE, 2 * PAGE, MADV_FREE)), base, 2);
  show("MADV_FREE of a file", error(madvise(base, 2 * PAGE, MADV_FREE)), base, 2);
}

static void vectors(void) {
  char *base = pages("xx-x", MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char bytes[3 * PAGE];
  int ends[2];
  struct iovec parts[] = {{base + PAGE - 8, 16}, {base + 2 * PAGE - 4, 16}, {base + 3 * PAGE, 16}};
  struct iovec local = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
  memset(bytes, 'v', sizeof bytes);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(write(ends[0], bytes, 48) == 48);
  const ssize_t read_into = readv(ends[1], parts, 3);
  printf("readv %zd %c%c%c%d\n", read_into, base[PAGE - 1], base[2 * PAGE - 4], base[2 * PAGE - 1], base[3 * PAGE]);
  memset(bytes, 'w', sizeof bytes);
  CHECK(write(ends[0], bytes, 48) == 48);
  const ssize_t received = recvmsg(ends[1], &message, 0);
  printf("recvmsg %zd %c%c%d\n", received, base[PAGE - 1], base[2 * PAGE - 1], base[3 * PAGE]);
  memset(bytes, 'y', sizeof bytes);
  const ssize_t taken = process_vm_readv(getpid(), parts, 3, &local, 1, 0);
  printf("process_vm_readv %zd %c%c%d\n", taken, base[PAGE - 1], base[2 * PAGE - 1], base[3 * PAGE]);
  memset(bytes, 'z', sizeof bytes);
  const ssize_t put = process_vm_writev(getpid(), &local, 1, parts, 3, 0);
  printf("process_vm_writev %zd %c%c%d\n", put, base[PAGE - 1], base[2 * PAGE - 1], base[3 * PAGE]);
  const int zeros = open("/dev/zero", O_RDONLY);
  const ssize_t zeroed = read(zeros, base, 4 * PAGE);
  printf("read %zd %d%d%c\n", zeroed, base[0], base[2 * PAGE - 1], base[3 * PAGE]);
}

/* What moves together: the kernel joins neighbours that show the same file, or none. */
static void moves(const char *self) {
  const int fd = open(self, O_RDONLY);
  char *base = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
  CHECK(mmap(base, PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == base);
  char *moved = mremap(base, 4 * PAGE, 8 * PAGE, MREMAP_MAYMOVE);
  printf("joined %.3s\n", moved == MAP_FAILED ? "no" : moved + 1);
  base = pages("xxxx", MAP_PRIVATE | MAP_ANONYMOUS, -1);
  moved = mremap(base, 4 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED);
  show("moved", 0, moved, 6);
  base = pages("xxxx", MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(mprotect(base + PAGE, PAGE, PROT_READ) == 0 && mprotect(base + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
  moved = mremap(base, 4 * PAGE, 2 * PAGE, 0);
  CHECK(moved == base);
  show("shrunk", 0, moved, 4);
  moved = mremap(base, 2 * PAGE, 4 * PAGE, 0);
  show("grown in place", error(moved == base ? 0 : -1), base, 4);
  base = pages("xxxx", MAP_PRIVATE | MAP_ANONYMOUS, -1);
  char *target = pages("xxxxxx", MAP_PRIVATE | MAP_ANONYMOUS, -1);
  CHECK(mremap(base, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target + PAGE) == target + PAGE);
  show("onto others", 0, target, 6);
  show("left", 0, base, 4);
  moved = mremap(base + 2 * PAGE, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP);
  CHECK(moved != MAP_FAILED);
  show("moved out of", 0, base + 2 * PAGE, 2);
  show("moved to", 0, moved, 2);
  /* Nothing to move: the target may be gone all the same. */
  const int failure = error((long)mremap(base, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target));
  show("nothing moved", failure, target, 6);
  show("a piece of none", error((long)mremap(target + 4 * PAGE, 9 * PAGE, 10 * PAGE, MREMAP_MAYMOVE)), target, 6);
  base = pages("xxxx", MAP_SHARED | MAP_ANONYMOUS, -1);
  moved = mremap(base, 0, PAGE, MREMAP_MAYMOVE);
  CHECK(moved != MAP_FAILED);
  moved[0] = 't';
  show("twin", 0, base, 4);
}

/* Pages of one shared file in another order. */
static void reordered(void) {
  const int fd = memfd_create("reordered", 0);
  CHECK(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
  char *base = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  for (int i = 0; i < 4; i++) base[i * PAGE] = (char)('0' + i);
  CHECK(remap_file_pages(base, PAGE, 0, 2, 0) == 0 && remap_file_pages(base + 3 * PAGE, PAGE, 0, 0, 0) == 0);
  base[PAGE] = 'r';
  CHECK(pwrite(fd, "w", 1, 2 * PAGE) == 1);
  show("remap_file_pages", 0, base, 4);
}

static void heap(void) {
  char *start = (char *)(((uintptr_t)sbrk(0) + PAGE - 1) & -(uintptr_t)PAGE);
  CHECK(brk(start + 6 * PAGE) == 0);
  for (int i = 0; i < 6; i++) start[i * PAGE] = (char)('0' + i);
  CHECK(mprotect(start + PAGE, PAGE, PROT_READ) == 0 && munmap(start + 2 * PAGE, PAGE) == 0);
  CHECK(brk(start + 8 * PAGE) == 0);
  show("heap", 0, start, 8);
  CHECK(mmap(start + 5 * PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED);
  CHECK(brk(start + 4 * PAGE) == 0);
  show("shorter", 0, start, 8);
  CHECK(brk(start + 6 * PAGE + 100) == 0);
  show("longer", 0, start, 8);
  CHECK(brk(start) == 0);
  show("nothing", 0, start, 8);
}

int main(int count, char **arguments) {
  struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
  CHECK(count > 0 && sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
  holes();
  files();
  vectors();
  moves(arguments[0]);
  reordered();
  fflush(stdout);
  heap();
  return succeed();
}
