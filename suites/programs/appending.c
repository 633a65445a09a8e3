/* O_APPEND: two descriptors and a child write to one file, none over another; readv, pread and lseek agree on it. */
#include "../tickproof.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <sys/wait.h>

enum { LINES = 50 };

static void append(int fd, char name) {
  for (int line = 0; line < LINES; line++) {
    char text[] = "x line\n";
    text[0] = name;
    CHECK(write(fd, text, 7) == 7);
  }
}

int main(void) {
  char path[] = "/tmp/tickproof-append-XXXXXX";
  const int made = mkstemp(path);
  const int first = open(path, O_WRONLY | O_APPEND), second = open(path, O_WRONLY | O_APPEND);
  CHECK(made >= 0 && first >= 0 && second >= 0);
  const pid_t child = fork();
  if (child == 0) {
    append(first, 'c');
    _exit(0);
  }
  append(first, 'a');
  append(second, 'b');
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(lseek(made, 0, SEEK_END) == 3 * LINES * 7);
  int counts[3] = {0};
  for (int line = 0; line < 3 * LINES; line++) {
    char name, rest[6];
    const struct iovec parts[] = {{&name, 1}, {rest, 6}};
    CHECK(preadv(made, parts, 2, line * 7) == 7 && memcmp(rest, " line\n", 6) == 0);
    counts[name - 'a']++;
  }
  CHECK(counts[0] == LINES && counts[1] == LINES && counts[2] == LINES);
  CHECK(unlink(path) == 0);
  return succeed();
}
