/* Memory of another process, read and written by calls and by its file in /proc; pages that are asked about
 * and moved. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>

static char text[64] = "before";

int main(void) {
  int go[2], back[2];
  char letter;
  CHECK(pipe(go) == 0 && pipe(back) == 0);
  const pid_t child = fork();
  if (child == 0) {
    CHECK(read(go[0], &letter, 1) == 1 && strcmp(text, "after") == 0);
    strcpy(text, "at the end");
    CHECK(write(back[1], "x", 1) == 1 && read(go[0], &letter, 1) == 1);
    _exit(strcmp(text, "by file") == 0 ? 0 : 1);
  }
  struct iovec mine = {(char[]){"after"}, 6}, theirs = {text, 6};
  const ssize_t written = process_vm_writev(child, &mine, 1, &theirs, 1, 0);
  CHECK(written == 6 || (written < 0 && (errno == EPERM || errno == ENOSYS)));
  if (written < 0) {
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    return succeed();
  }
  CHECK(write(go[1], "x", 1) == 1 && read(back[0], &letter, 1) == 1);
  char seen[64];
  mine = (struct iovec){seen, sizeof(seen)};
  theirs.iov_len = sizeof(seen);
  CHECK(process_vm_readv(child, &mine, 1, &theirs, 1, 0) == sizeof(seen) && strcmp(seen, "at the end") == 0);
  struct iovec parts[] = {{text, 4}, {(void *)8, 4}};
  mine.iov_len = 8;
  CHECK(process_vm_readv(child, &mine, 1, parts, 2, 0) == 4);
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/mem", child);
  const int memory = open(path, O_RDWR);
  CHECK(memory >= 0 && pread(memory, seen, 6, (off_t)(uintptr_t)text) == 6 && memcmp(seen, "at the", 6) == 0);
  CHECK(pwrite(memory, "by file", 8, (off_t)(uintptr_t)text) == 8 && strcmp(text, "before") == 0);
  CHECK(write(go[1], "x", 1) == 1);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);

  char *pages = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  pages[4096] = 1;
  unsigned char here[4];
  CHECK(mincore(pages, 4 * 4096, here) == 0 && (here[1] & 1) && !(here[3] & 1));
  CHECK(mlock(pages, 4096) == 0 || errno == ENOMEM || errno == EPERM);
  CHECK(munlock(pages, 4096) == 0 && madvise(pages, 4 * 4096, MADV_DONTNEED) == 0 && pages[4096] == 0);
  CHECK(madvise(pages + 1, 4096, MADV_DONTNEED) < 0 && errno == EINVAL);
  return succeed();
}
