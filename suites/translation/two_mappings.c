/* Code that is written through one mapping of a memfd and executed through another. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const unsigned char answer[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */

int main(void) {
  int fd = memfd_create("code", 0);
  if (ftruncate(fd, 4096)) return 1;
  void *writable = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  int (*run)(void) = (int (*)(void))mmap(0, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
  memcpy(writable, answer, sizeof answer);
  return run();
}
