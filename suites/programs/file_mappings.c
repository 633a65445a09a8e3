/* mmap of a file: a private page keeps its changes, a shared one gives them to read(), and past the end is SIGBUS. */
#include "../tickproof.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/mman.h>

enum { PAGE = 4096 };
static sigjmp_buf back;

static void on_bus(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)context;
  siglongjmp(back, info->si_code == BUS_ADRERR ? 1 : 2);
}

int main(void) {
  char path[] = "/tmp/tickproof-map-XXXXXX", text[8];
  const int fd = mkstemp(path);
  CHECK(fd >= 0 && unlink(path) == 0 && ftruncate(fd, PAGE + 100) == 0 && pwrite(fd, "original", 8, 0) == 8);
  char *own = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
  char *all = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(own != MAP_FAILED && all != MAP_FAILED);
  memcpy(own, "private!", 8);
  memcpy(all + PAGE, "shared!!", 8);
  CHECK(pread(fd, text, 8, 0) == 8 && memcmp(text, "original", 8) == 0);
  CHECK(pread(fd, text, 8, PAGE) == 8 && memcmp(text, "shared!!", 8) == 0);
  CHECK(pwrite(fd, "written.", 8, 8) == 8 && memcmp(all + 8, "written.", 8) == 0);
  CHECK(all[PAGE + 100] == 0 && msync(all, 2 * PAGE, MS_SYNC) == 0);
  handle(SIGBUS, on_bus, 0);
  const int came = sigsetjmp(back, 1);
  if (came == 0) all[2 * PAGE] = 1;
  CHECK(came == 1);
  CHECK(ftruncate(fd, 3 * PAGE) == 0);
  all[2 * PAGE] = 1;
  CHECK(pread(fd, text, 1, 2 * PAGE) == 1 && text[0] == 1 && memcmp(own, "private!", 8) == 0);
  return succeed();
}
