/* sendfile, splice, tee and copy_file_range: bytes that go from file to file without passing through the program. */
#include "../tickproof.h"

#include <fcntl.h>
#include <sys/sendfile.h>

enum { SIZE = 3000 };

static int temporary(void) {
  char path[] = "/tmp/tickproof-move-XXXXXX";
  const int fd = mkstemp(path);
  CHECK(fd >= 0 && unlink(path) == 0);
  return fd;
}

static void expect(int fd, const char *text, size_t length) {
  char found[SIZE];
  CHECK(pread(fd, found, SIZE, 0) == (ssize_t)length && memcmp(found, text, length) == 0);
}

int main(void) {
  char text[SIZE];
  for (int at = 0; at < SIZE; at++) text[at] = (char)('a' + at * 7 % 26);
  const int source = temporary(), sent = temporary(), spliced = temporary(), copied = temporary();
  CHECK(write(source, text, SIZE) == SIZE);
  off_t from = 0;
  CHECK(sendfile(sent, source, &from, SIZE) == SIZE && from == SIZE);
  expect(sent, text, SIZE);
  int in[2], out[2];
  CHECK(pipe(in) == 0 && pipe(out) == 0);
  from = 1000;
  CHECK(splice(source, &from, in[1], NULL, 500, 0) == 500 && from == 1500);
  CHECK(tee(in[0], out[1], 500, 0) == 500);
  CHECK(splice(in[0], NULL, spliced, NULL, 500, 0) == 500);
  expect(spliced, text + 1000, 500);
  char again[500];
  CHECK(read(out[0], again, 500) == 500 && memcmp(again, text + 1000, 500) == 0);
  from = 100;
  off_t to = 0;
  CHECK(copy_file_range(source, &from, copied, &to, 800, 0) == 800 && to == 800);
  expect(copied, text + 100, 800);
  return succeed();
}
