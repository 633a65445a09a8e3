/* Files that are mapped, more than once and by more than one process, shared and privately, while system calls write
 * to them and change their length. */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

static uint64_t sum(const char *bytes, size_t size) {
  uint64_t hash = 1;
  for (size_t i = 0; i < size; i++) hash = mix(hash, (unsigned char)bytes[i]);
  return hash;
}

static char *map(void *at, size_t size, int fd) {
  char *mapped = mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | (at ? MAP_FIXED : 0), fd, 0);
  CHECK(mapped != MAP_FAILED);
  return mapped;
}

/* Two mappings of the same pages, one behind the other. */
static void ring(void) {
  const struct iovec parts[2] = {{"one", 3}, {"two two", 7}};
  int fd = memfd_create("ring", 0);
  CHECK(ftruncate(fd, 8192) == 0);
  char *room = mmap(NULL, 16384, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *first = map(room, 8192, fd), *second = map(room + 8192, 8192, fd);
  memset(first + 8000, 7, 400);
  printf("ring %016lx, %d\n", sum(second, 8192), second[100]);
  CHECK(pwrite(fd, "hello", 5, 100) == 5 && lseek(fd, 4090, SEEK_SET) == 4090 && writev(fd, parts, 2) == 10);
  printf("%.5s %.5s %.10s\n", first + 100, second + 100, second + 4090);
  CHECK(ftruncate(fd, 16384) == 0);
  char *all = map(NULL, 16384, fd);
  all[12000] = 5;
  CHECK(write(fd, "z", 1) == 1 && munmap(first, 8192) == 0 && pwrite(fd, "tail", 4, 16000) == 4);
  printf("longer %016lx\n", sum(all, 16384));
}

/* A private mapping shows what is written to its file, and so does code, but for pages that are the program's own. */
static void private_mappings(void) {
  unsigned char code[] = {0x8d, 0x47, 0, 0xc3}; /* lea eax, [rdi + n]; ret */
  int fd = memfd_create("private", 0), results = 0;
  CHECK(fd >= 0 && ftruncate(fd, 8192) == 0);
  char *bytes = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  void *text = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 4096);
  CHECK(bytes != MAP_FAILED && text != MAP_FAILED && bytes[0] == 0);
  for (code[2] = 1; code[2] <= 10; code[2]++) {
    CHECK(pwrite(fd, code, sizeof(code), 4096) == sizeof(code));
    results += ((int (*)(int))text)(100);
    if (code[2] == 5) bytes[4096 + 100] = 'x';
  }
  CHECK(pwrite(fd, "file", 4, 0) == 4);
  printf("private %.4s %d %d %c\n", bytes, bytes[4096 + 2], results, bytes[4096 + 100]);
  CHECK(ftruncate(fd, 0) == 0 && ftruncate(fd, 8192) == 0);
  printf("private %d %c\n", bytes[0], bytes[4096 + 100]);
}

int main(void) {
  private_mappings();
  char path[] = "/tmp/tickproof-shared-XXXXXX", text[6] = "";
  ring();
  int fd = mkstemp(path);
  CHECK(fd >= 0 && unlink(path) == 0 && ftruncate(fd, 4096) == 0);
  char *bytes = map(NULL, 12288, fd);
  strcpy(bytes, "first");
  for (int i = 0; i < 3; i++)
    if (fork() == 0) {
      char name[2] = {'k', (char)('0' + i)};
      CHECK(pwrite(fd, name, 2, 100 + 10 * i) == 2);
      bytes[200 + i] = (char)('a' + i);
      _exit(0);
    }
  while (wait(NULL) > 0);
  printf("%s %.2s %.2s %.2s %.3s\n", bytes, bytes + 100, bytes + 110, bytes + 120, bytes + 200);
  CHECK(ftruncate(fd, 12288) == 0 && pwrite(fd, "end", 3, 12000) == 3 && pread(fd, text, 5, 0) == 5);
  bytes = mremap(mremap(bytes, 12288, 4096, MREMAP_MAYMOVE), 4096, 12288, MREMAP_MAYMOVE);
  printf("%s %.3s %016lx\n", text, bytes + 12000, sum(bytes, 12288));
  CHECK(munmap(bytes, 12288) == 0 && pwrite(fd, "again", 5, 0) == 5);
  printf("%.5s\n", map(NULL, 4096, fd));
  return succeed();
}
