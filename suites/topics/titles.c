/* What a process is called: its name, its arguments elsewhere, its memory, as ps and pmap show them. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { SET_VMA = 0x53564d41, PAGE = 4096 };

static char text[1 << 16];

static const char *file(const char *path) {
  const int fd = open(path, O_RDONLY);
  CHECK(fd >= 0);
  size_t length = 0;
  ssize_t more;
  while ((more = read(fd, text + length, sizeof(text) - 1 - length)) > 0) length += (size_t)more;
  text[length] = 0;
  CHECK(close(fd) == 0 && more == 0);
  return text;
}

static void title(char *page) {
  strcpy(page, "worker: idle");
  const unsigned long start = (unsigned long)page;
  /* Each step keeps the start before the end, as the kernel wants it. */
  if (prctl(PR_SET_MM, PR_SET_MM_ARG_START, start, 0, 0) < 0) {
    CHECK(errno == EPERM || errno == EINVAL);
    CHECK(prctl(PR_SET_MM, PR_SET_MM_ARG_END, start + 13, 0, 0) == 0 || errno == EPERM || errno == EINVAL);
    if (errno == EPERM) return;
    CHECK(prctl(PR_SET_MM, PR_SET_MM_ARG_START, start, 0, 0) == 0);
  } else CHECK(prctl(PR_SET_MM, PR_SET_MM_ARG_END, start + 13, 0, 0) == 0);
  CHECK(strcmp(file("/proc/self/cmdline"), "worker: idle") == 0);
  strcpy(page, "worker: busy");
  CHECK(strcmp(file("/proc/self/cmdline"), "worker: busy") == 0);
}

int main(void) {
  CHECK(prctl(PR_SET_MM, 99, 0, 0, 0) < 0 && (errno == EINVAL || errno == EPERM));
  CHECK(prctl(PR_SET_NAME, "a title") == 0 && strcmp(file("/proc/self/comm"), "a title\n") == 0);
  char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(page != MAP_FAILED);
  CHECK(prctl(SET_VMA, 0, page, PAGE, "room [1]") < 0 && errno == EINVAL);
  const int is_named = prctl(SET_VMA, 0, page, PAGE, "a room") == 0;
  CHECK(is_named || errno == EINVAL);
  CHECK((strstr(file("/proc/self/maps"), "[anon:a room]") != NULL) == is_named);
  const pid_t child = fork();
  if (child == 0) {
    title(page);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(strstr(file("/proc/self/cmdline"), "worker") == NULL);
  return succeed();
}
