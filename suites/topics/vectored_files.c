/* Vectors of buffers: partial reads at the end of a file, flags of preadv2, a vector that can't be read to
 * its end. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>

int main(void) {
  const int fd = memfd_create("vectors", 0);
  char one[8] = "first--", two[8] = "second-";
  struct iovec out[] = {{one, 7}, {two, 7}, {NULL, 0}, {one, 3}};
  CHECK(writev(fd, out, 4) == 17);
  CHECK(pwritev2(fd, out, 1, 2, RWF_DSYNC) == 7);
  char a[4], b[64];
  struct iovec in[] = {{a, 4}, {b, sizeof(b)}};
  CHECK(preadv(fd, in, 2, 1) == 16 && memcmp(a, "ifir", 4) == 0 && memcmp(b, "st--cond-fir", 12) == 0);
  CHECK(lseek(fd, 15, SEEK_SET) == 15 && readv(fd, in, 2) == 2 && memcmp(a, "ir", 2) == 0);
  CHECK(preadv2(fd, in, 2, -1, 0) == 0);
  CHECK(lseek(fd, 0, SEEK_SET) == 0 && preadv2(fd, in, 1, -1, RWF_HIPRI) >= -1);

  char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mprotect(pages + 4096, 4096, PROT_NONE) == 0);
  struct iovec beyond[] = {{pages + 4088, 4}, {pages + 4092, 64}};
  const ssize_t done = preadv(fd, beyond, 2, 0);
  CHECK(done == 8 || (done < 0 && errno == EFAULT));
  CHECK(syscall(SYS_readv, fd, in, 1025) < 0 && errno == EINVAL);
  CHECK(syscall(SYS_readv, fd, 8, 1) < 0 && errno == EFAULT);
  int ends[2];
  CHECK(pipe(ends) == 0 && writev(ends[1], out, 2) == 14);
  CHECK(readv(ends[0], in, 2) == 14 && memcmp(b, "t--second-", 10) == 0);
  printf("%.7s %.10s %zd\n", one, b, done);
  return succeed();
}
