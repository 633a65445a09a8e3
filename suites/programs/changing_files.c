/* Files that change while they are mapped, by every call that writes, cuts, extends or replaces: seen through shared,
 * read-only, private and untouched mappings, by others of the same file, and by other processes. */
#include "../tickproof.h"
#include <fcntl.h>
#include <linux/falloc.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { PAGE = 4096, PAGES = 4 };

/* One file, and the views of it. */
static char path[64];
static int file;
static char *shared, *reader, *mine, *untouched;
static sigjmp_buf back;

static void on_bus(int signal) { siglongjmp(back, signal); }

/* The byte at an offset of a view, or '!' where the file has ended. */
static char at(const char *view, int offset) {
  const volatile char *byte = view + offset;
  if (sigsetjmp(back, 1)) return '!';
  const char found = *byte;
  return found ? found : '0';
}

/* What all views show at some places. */
static void show(const char *what) {
  static const int places[] = {0, 1, 100, PAGE - 1, PAGE, PAGE + 7, 2 * PAGE + 1, 3 * PAGE + 5, 4 * PAGE - 1};
  const char *views[] = {shared, reader, mine, untouched};
  printf("%-22s", what);
  for (int view = 0; view < 4; view++) {
    putchar(' ');
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) putchar(at(views[view], places[i]));
  }
  putchar('\n');
}

static void *map(int fd, int protection, int flags, int pages) {
  void *view = mmap(NULL, pages * PAGE, protection, flags, fd, 0);
  CHECK(view != MAP_FAILED);
  return view;
}

static void open_views(const char *folder) {
  char filled[PAGES * PAGE];
  snprintf(path, sizeof path, "%s/tickproof-changing-XXXXXX", folder);
  file = mkstemp(path);
  memset(filled, 'a', sizeof filled);
  CHECK(file >= 0 && write(file, filled, sizeof filled) == sizeof filled);
  const int only_read = open(path, O_RDONLY);
  reader = map(only_read, PROT_READ, MAP_SHARED, PAGES);
  shared = map(file, PROT_READ | PROT_WRITE, MAP_SHARED, PAGES);
  mine = map(only_read, PROT_READ | PROT_WRITE, MAP_PRIVATE, PAGES);
  untouched = map(only_read, PROT_READ, MAP_PRIVATE, PAGES);
  CHECK(close(only_read) == 0);
  mine[1] = 'm';
  mine[3 * PAGE] = 'm';
}

static void close_views(void) {
  CHECK(munmap(shared, PAGES * PAGE) == 0 && munmap(reader, PAGES * PAGE) == 0);
  CHECK(munmap(mine, PAGES * PAGE) == 0 && munmap(untouched, PAGES * PAGE) == 0);
  CHECK(close(file) == 0 && unlink(path) == 0);
}

static void written(void) {
  struct iovec parts[] = {{"cd", 2}, {"ef", 2}};
  int ends[2];
  CHECK(pwrite(file, "b", 1, 0) == 1);
  show("pwrite");
  CHECK(lseek(file, PAGE - 1, SEEK_SET) == PAGE - 1 && write(file, "cc", 2) == 2);
  show("write");
  CHECK(lseek(file, PAGE + 6, SEEK_SET) > 0 && writev(file, parts, 2) == 4);
  show("writev");
  CHECK(pwritev(file, parts, 2, 2 * PAGE) == 4);
  show("pwritev");
  CHECK(lseek(file, 3 * PAGE + 4, SEEK_SET) > 0 && pwritev2(file, parts, 2, -1, 0) == 4);
  show("pwritev2");
  CHECK(pipe(ends) == 0 && write(ends[1], "spliced", 7) == 7);
  loff_t to = 98;
  CHECK(splice(ends[0], NULL, file, &to, 7, 0) == 7 && to == 105);
  show("splice");
  const int source = open(path, O_RDONLY);
  off_t from = 2 * PAGE;
  CHECK(lseek(file, 4 * PAGE - 4, SEEK_SET) > 0 && sendfile(file, source, &from, 4) == 4);
  show("sendfile");
  loff_t in = 98, out = PAGE + 1;
  CHECK(copy_file_range(source, &in, file, &out, 7, 0) == 7);
  show("copy_file_range");
  CHECK(close(source) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
  /* The kernel writes into a mapping of the file that it reads. */
  CHECK(pread(file, shared + 2 * PAGE, 8, 98) == 8 && pread(file, mine + 2 * PAGE, 8, 0) == 8);
  show("pread into views");
  shared[PAGE] = 's';
  show("store");
}

static void resized(void) {
  CHECK(ftruncate(file, PAGE + 8) == 0);
  show("ftruncate");
  CHECK(ftruncate(file, 3 * PAGE) == 0);
  show("ftruncate, longer");
  const int appender = open(path, O_WRONLY | O_APPEND);
  CHECK(write(appender, "ghijkl", 6) == 6 && pwrite(appender, "m", 1, 0) == 1);
  show("O_APPEND");
  CHECK(close(appender) == 0 && truncate(path, 50) == 0);
  show("truncate");
  CHECK(close(open(path, O_WRONLY | O_TRUNC)) == 0);
  show("O_TRUNC");
  CHECK(pwrite(file, "n", 1, 4 * PAGE - 1) == 1);
  show("pwrite at the end");
}

static void allocated(void) {
  char filled[PAGES * PAGE];
  memset(filled, 'p', sizeof filled);
  CHECK(pwrite(file, filled, sizeof filled, 0) == sizeof filled);
  if (fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, PAGE) != 0) return;
  show("punched");
  if (fallocate(file, FALLOC_FL_ZERO_RANGE, 2 * PAGE, PAGE / 2) == 0) show("zeroed");
  if (fallocate(file, FALLOC_FL_COLLAPSE_RANGE, PAGE, PAGE) == 0) show("collapsed");
  if (fallocate(file, FALLOC_FL_INSERT_RANGE, 0, PAGE) == 0) show("inserted");
  CHECK(ftruncate(file, 10) == 0 && fallocate(file, 0, 0, 2 * PAGE) == 0);
  show("allocated");
}

static void by_others(const char *self) {
  char number[8];
  CHECK(ftruncate(file, PAGES * PAGE) == 0 && fflush(stdout) == 0);
  if (fork() == 0) {
    mine[2] = 'x';
    shared[PAGE + 7] = 'c';
    CHECK(pwrite(file, "child", 5, 98) == 5);
    _exit(0);
  }
  CHECK(wait(NULL) > 0);
  show("a child's");
  snprintf(number, sizeof number, "%d", file);
  fflush(stdout);
  if (fork() == 0) {
    execl(self, self, path, NULL);
    _exit(1);
  }
  CHECK(wait(NULL) > 0);
  show("a program's");
  /* The name goes to another file; the views stay with theirs. */
  char other[80];
  snprintf(other, sizeof other, "%s-new", path);
  const int replacement = open(other, O_RDWR | O_CREAT, 0600);
  CHECK(write(replacement, "replaced", 8) == 8 && rename(other, path) == 0);
  CHECK(pwrite(file, "still", 5, 0) == 5 && pwrite(replacement, "no", 2, 0) == 2);
  show("renamed over");
  CHECK(close(replacement) == 0);
}

/* What a mapping shows that comes, moves or grows later, when the file has changed where nobody looked. */
static void seen_later(const char *folder) {
  char name[64], page[PAGE];
  snprintf(name, sizeof name, "%s/tickproof-later-XXXXXX", folder);
  const int fd = mkstemp(name);
  CHECK(fd >= 0 && unlink(name) == 0 && ftruncate(fd, 8 * PAGE) == 0);
  char *first = map(fd, PROT_READ, MAP_SHARED, 1);
  char *alone = map(fd, PROT_READ, MAP_PRIVATE, 1);
  for (int i = 0; i < 8; i++) {
    memset(page, 'A' + i, PAGE);
    CHECK(pwrite(fd, page, PAGE, i * PAGE) == PAGE);
  }
  char *second = map(fd, PROT_READ, MAP_SHARED, 3);
  printf("later %c%c%c %c\n", first[0], second[PAGE], second[2 * PAGE], alone[0]);
  second = mremap(second, 3 * PAGE, 6 * PAGE, MREMAP_MAYMOVE);
  CHECK(second != MAP_FAILED);
  printf("grown %c%c%c\n", second[3 * PAGE], second[4 * PAGE], second[5 * PAGE]);
  char *twin = mremap(second, 0, 6 * PAGE, MREMAP_MAYMOVE);
  CHECK(twin != MAP_FAILED && pwrite(fd, "t", 1, 5 * PAGE) == 1);
  printf("twin %c%c\n", twin[5 * PAGE], second[5 * PAGE]);
  CHECK(munmap(first, PAGE) == 0 && munmap(second, 6 * PAGE) == 0 && munmap(twin, 6 * PAGE) == 0);
  CHECK(munmap(alone, PAGE) == 0 && pwrite(fd, "u", 1, 0) == 1);
  first = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 8);
  first[1] = 'v';
  CHECK(munmap(first, 8 * PAGE) == 0);
  alone = map(fd, PROT_READ, MAP_PRIVATE, 8);
  printf("anew %c%c%c\n", alone[0], alone[1], alone[7 * PAGE]);
}

/* Private pages that are locked are the process's own at once: they follow no more. */
static void locked_pages(void) {
  const int fd = memfd_create("locked", 0);
  CHECK(fd >= 0 && ftruncate(fd, 4 * PAGE) == 0);
  char *locked = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, 4);
  char *populated = map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_POPULATE, 4);
  CHECK(mlock(locked, PAGE) == 0 && madvise(locked + 2 * PAGE, PAGE, 23 /* MADV_POPULATE_WRITE */) == 0);
  for (int i = 0; i < 4; i++) CHECK(pwrite(fd, "w", 1, i * PAGE) == 1);
  for (int i = 0; i < 4; i++) printf("%c%c ", at(locked, i * PAGE), at(populated, i * PAGE));
  CHECK(madvise(populated, PAGE, MADV_DONTNEED) == 0 && madvise(locked, 2 * PAGE, MADV_DONTNEED) == -1);
  printf("locked %c%c %c\n", at(locked, 0), at(populated, 0), at(locked, PAGE));
}

static void sealed(void) {
  const int fd = memfd_create("sealed", MFD_ALLOW_SEALING);
  CHECK(fd >= 0 && write(fd, "sealed", 6) == 6);
  char *view = map(fd, PROT_READ, MAP_SHARED, 1);
  CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE) == 0);
  CHECK(ftruncate(fd, 1) == -1 && pwrite(fd, "x", 1, 0) == -1 && ftruncate(fd, 2 * PAGE) == 0);
  printf("%s %c\n", view, at(view, PAGE - 1));
}

int main(int count, char **arguments) {
  if (count > 1) {
    const int fd = open(arguments[1], O_RDWR);
    char *view = map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, PAGES);
    view[3 * PAGE + 5] = 'e';
    CHECK(pwrite(fd, "E", 1, 2 * PAGE + 1) == 1);
    return 0;
  }
  signal(SIGBUS, on_bus);
  const char *folders[] = {"/tmp", "/dev/shm"};
  for (int i = 0; i < 2; i++) {
    open_views(folders[i]);
    show(folders[i]);
    written();
    resized();
    allocated();
    by_others(arguments[0]);
    close_views();
    seen_later(folders[i]);
  }
  locked_pages();
  sealed();
  return succeed();
}
