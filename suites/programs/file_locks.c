/* flock and fcntl: a child waits for its parent's lock, a second one is refused at once, and the holder can be asked. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>

static struct flock region(short type, off_t start, off_t length) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

int main(void) {
  char path[] = "/tmp/tickproof-lock-XXXXXX";
  const int fd = mkstemp(path);
  CHECK(fd >= 0 && write(fd, "0", 1) == 1);
  struct flock whole = region(F_WRLCK, 0, 10);
  CHECK(fcntl(fd, F_SETLK, &whole) == 0 && flock(fd, LOCK_EX) == 0);
  int refused[2];
  CHECK(pipe(refused) == 0);
  const pid_t parent = getpid(), child = fork();
  if (child == 0) {
    const int own = open(path, O_RDWR);
    struct flock asked = region(F_WRLCK, 5, 1), beyond = region(F_WRLCK, 10, 1);
    CHECK(fcntl(own, F_GETLK, &asked) == 0 && asked.l_type == F_WRLCK && asked.l_pid == parent);
    CHECK(fcntl(own, F_SETLK, &beyond) == 0);
    CHECK(flock(own, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK);
    CHECK(write(refused[1], "", 1) == 1);
    struct flock waited = region(F_WRLCK, 5, 1);
    CHECK(fcntl(own, F_SETLKW, &waited) == 0 && flock(own, LOCK_EX) == 0);
    char last;
    CHECK(pread(own, &last, 1, 0) == 1 && last == '9');
    _exit(0);
  }
  char token;
  CHECK(read(refused[0], &token, 1) == 1);
  for (char digit = '1'; digit <= '9'; digit++) {
    CHECK(pwrite(fd, &digit, 1, 0) == 1);
    sched_yield();
  }
  struct flock open_up = region(F_UNLCK, 0, 10);
  CHECK(flock(fd, LOCK_UN) == 0 && fcntl(fd, F_SETLK, &open_up) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0 && unlink(path) == 0);
  return succeed();
}
