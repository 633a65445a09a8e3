/* A FIFO: each end waits for the other to be opened, bytes come whole, and the last writer's end is the reader's. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

int main(void) {
  char folder[] = "/tmp/tickproof-fifo-XXXXXX";
  CHECK(mkdtemp(folder) && chdir(folder) == 0 && mkfifo("fifo", 0600) == 0);
  CHECK(open("fifo", O_WRONLY | O_NONBLOCK) < 0 && errno == ENXIO);
  const pid_t child = fork();
  if (child == 0) {
    const int writer = open("fifo", O_WRONLY);
    for (uint64_t number = 0; number < 100; number++) {
      const uint64_t value = mix(number, 1);
      CHECK(write(writer, &value, sizeof(value)) == sizeof(value));
    }
    _exit(0);
  }
  const int reader = open("fifo", O_RDONLY);
  CHECK(reader >= 0);
  uint64_t value, count = 0;
  ssize_t length;
  while ((length = read(reader, &value, sizeof(value))) > 0) {
    CHECK(length == sizeof(value) && value == mix(count, 1));
    count++;
  }
  CHECK(length == 0 && count == 100);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(unlink("fifo") == 0 && rmdir(folder) == 0);
  return succeed();
}
