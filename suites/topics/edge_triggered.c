/* epoll: edges, one shot, several waiters of whom one is woken, a nested epoll, and a descriptor that is
 * closed meanwhile. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

enum { WAITERS = 3, ROUNDS = 60 };

static int epoll, ends[2];
static uint64_t woken;

static void *wait_for(void *unused) {
  (void)unused;
  for (;;) {
    struct epoll_event event;
    CHECK(epoll_wait(epoll, &event, 1, -1) == 1);
    char letter;
    if (read(ends[0], &letter, 1) != 1) continue;
    if (letter == 'e') return NULL;
    __atomic_fetch_add(&woken, 1, __ATOMIC_RELAXED);
    event = (struct epoll_event){.events = EPOLLIN | EPOLLONESHOT};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
  }
}

int main(void) {
  int edge[2];
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  epoll = epoll_create1(0);
  CHECK(pipe(edge) == 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, edge[0], &event) == 0);
  CHECK(write(edge[1], "ab", 2) == 2);
  CHECK(epoll_wait(epoll, &event, 1, 0) == 1 && event.events == EPOLLIN);
  CHECK(epoll_wait(epoll, &event, 1, 0) == 0);
  CHECK(write(edge[1], "c", 1) == 1 && epoll_wait(epoll, &event, 1, 0) == 1);
  close(edge[1]);
  CHECK(epoll_wait(epoll, &event, 1, 0) == 1 && event.events == (EPOLLIN | EPOLLHUP));
  close(edge[0]);
  CHECK(epoll_wait(epoll, &event, 1, 0) == 0);

  const int outer = epoll_create1(0);
  event = (struct epoll_event){.events = EPOLLIN};
  CHECK(epoll_ctl(outer, EPOLL_CTL_ADD, epoll, &event) == 0);
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, outer, &event) < 0 && errno == ELOOP);
  CHECK(pipe2(ends, O_NONBLOCK) == 0);
  event = (struct epoll_event){.events = EPOLLIN | EPOLLONESHOT};
  CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
  CHECK(write(ends[1], "n", 1) == 1 && epoll_wait(outer, &event, 1, -1) == 1);

  pthread_t waiters[WAITERS];
  for (int i = 0; i < WAITERS; i++) CHECK(pthread_create(&waiters[i], NULL, wait_for, NULL) == 0);
  for (int i = 1; i < ROUNDS; i++) CHECK(write(ends[1], "n", 1) == 1);
  while (__atomic_load_n(&woken, __ATOMIC_RELAXED) < ROUNDS) usleep(100);
  for (int i = 0; i < WAITERS; i++) {
    CHECK(write(ends[1], "e", 1) == 1);
    event = (struct epoll_event){.events = EPOLLIN | EPOLLONESHOT};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &event) == 0);
    int left = 1;
    while (left) {
      left = 0;
      for (int j = 0; j < WAITERS; j++)
        left += waiters[j] && pthread_tryjoin_np(waiters[j], NULL) == 0 ? (waiters[j] = 0, 0) : 0;
    }
    while (epoll_wait(outer, &event, 1, 0) == 1) usleep(100);
  }
  for (int j = 0; j < WAITERS; j++) CHECK(!waiters[j] || pthread_join(waiters[j], NULL) == 0);
  return succeed();
}
