/* inotify: what happens to files of a folder is told in order, by name, with a cookie that joins a move. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/inotify.h>

static char buffer[4096] __attribute__((aligned(8)));
static char *next = buffer, *end = buffer;

static const struct inotify_event *event(int fd) {
  if (next == end) {
    const ssize_t length = read(fd, buffer, sizeof(buffer));
    CHECK(length > 0);
    next = buffer;
    end = buffer + length;
  }
  const struct inotify_event *found = (const struct inotify_event *)next;
  next += sizeof(*found) + found->len;
  return found;
}

static uint32_t expect(int fd, uint32_t mask, const char *name) {
  const struct inotify_event *found = event(fd);
  CHECK((found->mask & mask) && strcmp(found->len ? found->name : "", name) == 0);
  return found->cookie;
}

int main(void) {
  char folder[] = "/tmp/tickproof-watch-XXXXXX";
  CHECK(mkdtemp(folder) && chdir(folder) == 0);
  const int fd = inotify_init1(IN_NONBLOCK);
  const int watch = inotify_add_watch(fd, ".", IN_CREATE | IN_MODIFY | IN_MOVE | IN_DELETE | IN_DELETE_SELF);
  CHECK(fd >= 0 && watch >= 0 && read(fd, buffer, sizeof(buffer)) < 0 && errno == EAGAIN);
  const int file = creat("one", 0600);
  CHECK(write(file, "x", 1) == 1 && close(file) == 0);
  CHECK(rename("one", "two") == 0 && unlink("two") == 0);
  expect(fd, IN_CREATE, "one");
  expect(fd, IN_MODIFY, "one");
  const uint32_t from = expect(fd, IN_MOVED_FROM, "one");
  CHECK(from != 0 && expect(fd, IN_MOVED_TO, "two") == from);
  expect(fd, IN_DELETE, "two");
  CHECK(chdir("/") == 0 && rmdir(folder) == 0);
  expect(fd, IN_DELETE_SELF, "");
  expect(fd, IN_IGNORED, "");
  return succeed();
}
