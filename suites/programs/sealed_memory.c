/* mseal: memory whose mappings can't be changed any more, whatever is asked of them, and how far a call comes. */
#include "../tickproof.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define MSEAL 462
#define PAGE 4096

static char *memory;

static void tried(const char *what, long result) {
  printf("%s: %d\n", what, result == -1 ? errno : 0);
}

/* What each page lets one do: r, w, or a hole. */
static void show(void) {
  int ends[2];
  CHECK(pipe(ends) == 0);
  for (int i = 0; i < 10; i++) {
    char now = '-', *page = memory + i * PAGE;
    if (write(ends[1], page, 1) == 1) {
      CHECK(read(ends[0], &now, 1) == 1);
      now = now ? now : '0';
      /* A read of a pipe into it fails where it can't be written. */
      CHECK(write(ends[1], &now, 1) == 1);
      if (read(ends[0], page, 1) != 1) {
        CHECK(read(ends[0], &now, 1) == 1);
        printf("(%c)", now);
        continue;
      }
    }
    putchar(now);
  }
  putchar('\n');
  close(ends[0]), close(ends[1]);
}

int main(void) {
  memory = mmap(NULL, 10 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  for (int i = 0; i < 10; i++) memory[i * PAGE] = 'a' + i;
  CHECK(mprotect(memory + 6 * PAGE, PAGE, PROT_READ) == 0);
  tried("flags", syscall(MSEAL, memory, PAGE, 1));
  tried("no page", syscall(MSEAL, memory + 1, PAGE, 0));
  tried("nothing", syscall(MSEAL, memory, 0, 0));
  if (syscall(MSEAL, memory + 4 * PAGE, 3 * PAGE, 0) != 0) {
    CHECK(errno == ENOSYS);
    return succeed();
  }
  tried("again", syscall(MSEAL, memory + 4 * PAGE, PAGE, 0));
  tried("munmap", munmap(memory + 3 * PAGE, 2 * PAGE));
  tried("mprotect", mprotect(memory + 2 * PAGE, 3 * PAGE, PROT_READ));
  show();
  tried("mprotect back", mprotect(memory + 2 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE));
  tried("madvise of what can be written", madvise(memory + 3 * PAGE, 2 * PAGE, MADV_DONTNEED));
  tried("madvise of what can't", madvise(memory + 5 * PAGE, 3 * PAGE, MADV_DONTNEED));
  show();
  tried("mremap", mremap(memory + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE) == MAP_FAILED ? -1 : 0);
  tried("mmap", mmap(memory + 6 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED ? -1 : 0);
  show();
  fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    tried("the child's munmap", munmap(memory, 10 * PAGE));
    fflush(stdout);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  tried("beside it", munmap(memory + 7 * PAGE, 3 * PAGE));
  show();
  return succeed();
}
