/* Programs whose files have no name any more when they start: one is in a memfd, one is deleted. */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Writes this program's own file to a descriptor. */
static void copy_self(int to) {
  static char bytes[65536];
  int from = open("/proc/self/exe", O_RDONLY);
  ssize_t count;
  CHECK(from >= 0);
  while ((count = read(from, bytes, sizeof(bytes))) > 0) CHECK(write(to, bytes, count) == count);
  close(from);
}

static int in_memfd(void) {
  int fd = memfd_create("nameless", MFD_CLOEXEC);
  CHECK(fd >= 0);
  copy_self(fd);
  return fd;
}

static int deleted(void) {
  char path[] = "/tmp/nameless-XXXXXX";
  int fd = mkstemp(path);
  CHECK(fd >= 0 && fchmod(fd, 0700) == 0);
  copy_self(fd);
  close(fd);
  fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(unlink(path) == 0);
  return fd;
}

int main(int argc, char **argv) {
  char *next[] = {argv[0], argc == 1 ? "memfd" : "deleted", NULL};
  char *environment[] = {NULL};
  if (argc > 1 && strcmp(argv[1], "deleted") == 0) return succeed();
  printf("%s\n", next[1]);
  fflush(stdout);
  fexecve(argc == 1 ? in_memfd() : deleted(), next, environment);
  CHECK(!"executed");
}
