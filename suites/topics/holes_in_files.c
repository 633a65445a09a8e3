/* Files with holes: where data is and where none, punched and collapsed, seen through a mapping that stays.
 */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { PAGE = 4096, PAGES = 16 };

int main(void) {
  const int fd = memfd_create("holes", 0);
  CHECK(ftruncate(fd, PAGES * PAGE) == 0);
  unsigned char *seen = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(lseek(fd, 0, SEEK_DATA) < 0 && errno == ENXIO);
  for (int page = 0; page < PAGES; page++) memset(seen + page * PAGE, page + 1, PAGE);
  CHECK(lseek(fd, 0, SEEK_HOLE) == PAGES * PAGE);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * PAGE, 3 * PAGE) == 0);
  CHECK(lseek(fd, 0, SEEK_HOLE) == 4 * PAGE && lseek(fd, 4 * PAGE, SEEK_DATA) == 7 * PAGE);
  CHECK(seen[4 * PAGE] == 0 && seen[7 * PAGE - 1] == 0 && seen[7 * PAGE] == 8);
  CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 10 * PAGE + 100, 200) == 0);
  CHECK(seen[10 * PAGE + 99] == 11 && seen[10 * PAGE + 100] == 0 && seen[10 * PAGE + 300] == 11);
  CHECK(madvise(seen + 12 * PAGE, PAGE, MADV_REMOVE) == 0 && seen[12 * PAGE] == 0);
  CHECK(fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, 0, PAGE) < 0);
  CHECK(fallocate(fd, 0, PAGES * PAGE, 4 * PAGE) == 0);
  struct stat status;
  CHECK(fstat(fd, &status) == 0 && status.st_size == (PAGES + 4) * PAGE);
  CHECK(ftruncate(fd, 2 * PAGE) == 0 && ftruncate(fd, PAGES * PAGE) == 0);
  uint64_t sum = 0;
  for (int i = 0; i < PAGES * PAGE; i += 64) sum = mix(sum, seen[i]);
  CHECK(seen[2 * PAGE] == 0 && seen[PAGE] == 2);
  printf("%016lx\n", (unsigned long)sum);
  return succeed();
}
