/* eventfd as a counter and as a semaphore between threads: what goes in comes out, one by one or all at once.
 */
#include "../tickproof.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>

enum { TAKERS = 3, EACH = 200 };

static int semaphore;
static uint64_t taken;

static void *take(void *unused) {
  (void)unused;
  for (int i = 0; i < EACH; i++) {
    uint64_t value;
    CHECK(read(semaphore, &value, sizeof(value)) == sizeof(value) && value == 1);
    __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

int main(void) {
  const int counter = eventfd(5, EFD_NONBLOCK);
  CHECK(counter >= 0);
  uint64_t value = 37;
  CHECK(write(counter, &value, sizeof(value)) == sizeof(value));
  CHECK(read(counter, &value, sizeof(value)) == sizeof(value) && value == 42);
  CHECK(read(counter, &value, sizeof(value)) < 0 && errno == EAGAIN);
  CHECK(read(counter, &value, 4) < 0 && errno == EINVAL);
  value = UINT64_MAX - 1;
  CHECK(write(counter, &value, sizeof(value)) == sizeof(value));
  value = 1;
  CHECK(write(counter, &value, sizeof(value)) < 0 && errno == EAGAIN);
  struct pollfd state = {.fd = counter, .events = POLLIN | POLLOUT};
  CHECK(poll(&state, 1, 0) == 1 && state.revents == POLLIN);

  semaphore = eventfd(0, EFD_SEMAPHORE);
  pthread_t takers[TAKERS];
  for (int i = 0; i < TAKERS; i++) CHECK(pthread_create(&takers[i], NULL, take, NULL) == 0);
  for (int i = 0; i < TAKERS * EACH / 10; i++) {
    value = 10;
    CHECK(write(semaphore, &value, sizeof(value)) == sizeof(value));
  }
  for (int i = 0; i < TAKERS; i++) CHECK(pthread_join(takers[i], NULL) == 0);
  CHECK(taken == TAKERS * EACH);
  state = (struct pollfd){.fd = semaphore, .events = POLLIN};
  CHECK(poll(&state, 1, 0) == 0);
  return succeed();
}
