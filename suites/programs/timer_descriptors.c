/* timerfd: expirations are counted up while nobody reads, a timer that is set again starts anew, poll waits for one. */
#include "../tickproof.h"

#include <errno.h>
#include <poll.h>
#include <sys/timerfd.h>

static void set(int fd, long first_ns, long every_ns) {
  const struct itimerspec spec = {.it_value.tv_nsec = first_ns, .it_interval.tv_nsec = every_ns};
  CHECK(timerfd_settime(fd, 0, &spec, NULL) == 0);
}

static uint64_t expirations(int fd) {
  uint64_t count = 0;
  CHECK(read(fd, &count, sizeof(count)) == sizeof(count));
  return count;
}

int main(void) {
  const int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  CHECK(fd >= 0);
  uint64_t none;
  CHECK(read(fd, &none, sizeof(none)) < 0 && errno == EAGAIN);
  set(fd, 1000000, 0);
  struct pollfd waiting = {.fd = fd, .events = POLLIN};
  CHECK(poll(&waiting, 1, -1) == 1 && waiting.revents == POLLIN);
  CHECK(expirations(fd) == 1);
  set(fd, 100000, 100000);
  uint64_t seen = 0;
  while (seen < 20) {
    CHECK(poll(&waiting, 1, -1) == 1);
    seen += expirations(fd);
  }
  set(fd, 0, 0);
  struct itimerspec left;
  CHECK(timerfd_gettime(fd, &left) == 0 && left.it_value.tv_nsec == 0 && left.it_value.tv_sec == 0);
  CHECK(read(fd, &none, sizeof(none)) < 0 && errno == EAGAIN);
  return succeed();
}
