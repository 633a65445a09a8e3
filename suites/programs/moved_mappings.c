/*
 * mremap over several mappings: such as the kernel has merged, such as differ, with holes, kept, grown, cut. Newer kernels move
 * several together where older ones fail (Linux 6.17, mm/mremap.c): whatever this one says, it is the same again.
 */
#include "../tickproof.h"
#include <errno.h>
#include <sys/mman.h>

enum { PAGE = 4096, PAGES = 16, FILE_PAGES = 8 };

static char *base, *target;
static int file, pipe_ends[2];

static void map(int at, int pages, int protection, int flags, int from) {
  char *place = base + at * PAGE;
  const int fd = flags & MAP_ANONYMOUS ? -1 : file;
  CHECK(mmap(place, pages * PAGE, protection, flags | MAP_FIXED, fd, from * PAGE) == place);
}

/* Two that merge, read-only, of a file, shared of it, a hole, shared, and three that merge. */
static void lay_out(void) {
  const int writable = PROT_READ | PROT_WRITE, anonymous = MAP_PRIVATE | MAP_ANONYMOUS;
  CHECK(munmap(base, PAGES * PAGE) == 0);
  map(0, 1, writable, anonymous, 0);
  map(1, 1, writable, anonymous, 0);
  map(2, 2, PROT_READ, anonymous, 0);
  map(4, 2, writable, MAP_PRIVATE, 1);
  map(6, 1, writable, MAP_SHARED, 3);
  map(8, 2, writable, MAP_SHARED | MAP_ANONYMOUS, 0);
  map(10, 2, writable, anonymous, 0);
  map(12, 1, writable, anonymous, 0);
  for (int i = 0; i < PAGES; i++) {
    const char number = (char)(i + 1);
    CHECK(write(pipe_ends[1], &number, 1) == 1);
    /* Where it can't be written to, the byte is taken out by another read. */
    char rest;
    if (read(pipe_ends[0], base + i * PAGE, 1) < 0) CHECK(read(pipe_ends[0], &rest, 1) == 1);
  }
}

/* What is at each page of a place, if anything. */
static void show(const char *what, long result, const char *place) {
  printf("%-12s %ld:", what, result);
  for (int i = 0; i < PAGES; i++) {
    char found = 0;
    const int is_there = write(pipe_ends[1], place + i * PAGE, 1) == 1;
    if (is_there) CHECK(read(pipe_ends[0], &found, 1) == 1);
    printf(is_there ? " %d" : " -", found);
  }
  printf("\n");
}

static void move(const char *what, int at, int pages, int grown, int flags, char *to) {
  lay_out();
  const char *result = mremap(base + at * PAGE, pages * PAGE, grown * PAGE, flags, to);
  show(what, result == MAP_FAILED ? -errno : result == to ? 0 : result == base + at * PAGE ? 1 : 2, base);
  if (to != NULL) show("", 0, target);
  CHECK(mmap(target, 2 * PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == target);
}

int main(void) {
  char name[] = "/tmp/moved_mappings.XXXXXX";
  file = mkstemp(name);
  CHECK(file >= 0 && unlink(name) == 0 && ftruncate(file, FILE_PAGES * PAGE) == 0 && pipe(pipe_ends) == 0);
  for (int i = 0; i < FILE_PAGES; i++) CHECK(pwrite(file, &"ABCDEFGH"[i], 1, i * PAGE) == 1);
  base = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  target = mmap(NULL, 2 * PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(base != MAP_FAILED && target != MAP_FAILED);
  const int fixed = MREMAP_MAYMOVE | MREMAP_FIXED;
  move("together", 0, 12, 12, fixed, target);
  move("grown", 0, 4, 6, fixed, target);
  move("a hole first", 7, 3, 3, fixed, target);
  move("a hole last", 6, 2, 2, fixed, target);
  move("kept", 0, 4, 4, fixed | MREMAP_DONTUNMAP, target);
  move("kept merged", 10, 3, 3, fixed | MREMAP_DONTUNMAP, target);
  move("cut", 0, 12, 3, MREMAP_MAYMOVE, NULL);
  move("cut, moved", 10, 3, 2, fixed, target);
  move("anywhere", 0, 6, 6, MREMAP_MAYMOVE, NULL);
  move("merged", 10, 3, 3, fixed, target);
  move("part of it", 11, 1, 1, fixed, target);
  move("grows", 10, 3, 4, 0, NULL);
  move("on itself", 0, 4, 4, fixed, base + 2 * PAGE);
  move("again", 8, 0, 2, fixed, target);
  return succeed();
}
