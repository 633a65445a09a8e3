/* One system call that fills more memory than an event of a trace may hold. */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

enum { HALF = 36 << 20 };

int main(void) {
  char *bytes = mmap(NULL, 2 * HALF, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  struct iovec parts[2] = {{bytes, HALF}, {bytes + HALF, HALF}};
  int fd = memfd_create("large", 0);
  CHECK(bytes != MAP_FAILED && fd >= 0 && ftruncate(fd, 2 * HALF) == 0);
  for (int i = 1; i < 8; i++) CHECK(pwrite(fd, &i, sizeof(i), (off_t)i * (HALF / 4) - 2) == sizeof(i));
  CHECK(readv(fd, parts, 2) == 2 * HALF);
  for (int i = 1; i < 8; i++) {
    int found;
    memcpy(&found, bytes + (size_t)i * (HALF / 4) - 2, sizeof(found));
    CHECK(found == i);
  }
  return succeed();
}
