/* Code that is written through one mapping of a memfd and executed through another, again and again. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned char answer[] = {0xb8, 0, 0, 0, 0, 0xc3}; /* mov eax, n; ret */

static int (*mapped(int fd, int protection))(void) {
  return (int (*)(void))mmap(0, 4096, protection, MAP_SHARED, fd, 0);
}

int main(void) {
  int fd = memfd_create("code", 0), ends[2];
  if (ftruncate(fd, 4096) || pipe(ends)) return 1;
  unsigned char *writable = (unsigned char *)mapped(fd, PROT_READ | PROT_WRITE);
  int (*run)(void) = mapped(fd, PROT_READ | PROT_EXEC);
  int (*later)(void) = mapped(fd, PROT_READ);
  if (mprotect((void *)later, 4096, PROT_READ | PROT_EXEC)) return 2;
  for (int i = 1; i <= 42; i++) {
    answer[1] = (unsigned char)i;
    if (i % 3 == 0) {
      /* By the kernel. */
      if (write(ends[1], answer, sizeof answer) != sizeof answer) return 3;
      if (read(ends[0], writable, sizeof answer) != sizeof answer) return 4;
    } else if (i % 3 == 1) {
      memcpy(writable, answer, sizeof answer);
    } else {
      /* While nobody watches: the page that is written has just become writable. */
      if (mprotect(writable, 4096, PROT_READ | PROT_WRITE)) return 5;
      memcpy(writable, answer, sizeof answer);
    }
    if (run() != i || later() != i) return 6;
  }
  return run();
}
