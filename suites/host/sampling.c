/* A counter with a ring buffer, used as profilers do: each overflow leaves a record in memory that the program has
 * mapped, one in a few wakes whoever polls, and the last one that was asked for switches the counter off. */
#include "counters.h"
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>

enum { PAGES = 1, PERIOD = 10007, SAMPLES = 9, PER_WAKEUP = 3, PAGE = 4096, RECORD = 16 };

int main(void) {
  const uint64_t event = ticks_event();
  struct perf_event_attr attr = {.type = PERF_TYPE_RAW,
                                 .size = sizeof(attr),
                                 .config = event,
                                 .sample_period = PERIOD,
                                 .sample_type = PERF_SAMPLE_TID,
                                 .disabled = 1,
                                 .exclude_kernel = 1,
                                 .wakeup_events = PER_WAKEUP};
  const int fd = event ? (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) : (errno = ENOENT, -1);
  require_counter(fd, "no counter of conditional branches");
  CHECK(mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED && errno == EINVAL);
  struct perf_event_mmap_page *page = mmap(NULL, (1 + PAGES) * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(page != MAP_FAILED && page->data_head == 0 && page->index == 0);
  struct pollfd waits = {.fd = fd, .events = POLLIN};
  CHECK(poll(&waits, 1, 0) == 0);
  CHECK(ioctl(fd, PERF_EVENT_IOC_REFRESH, SAMPLES) == 0);
  volatile uint64_t turns = 0;
  /* No system call in this loop: the head moves all the same. */
  while (__atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE) < PER_WAKEUP * RECORD) turns++;
  CHECK(poll(&waits, 1, -1) == 1 && (waits.revents & POLLIN));
  const char *ring = (const char *)page + PAGE;
  const struct perf_event_header *first = (const void *)ring;
  const uint32_t *ids = (const void *)(ring + sizeof(*first));
  CHECK(first->type == PERF_RECORD_SAMPLE && first->size == RECORD && ids[0] == (uint32_t)getpid());
  page->data_tail = page->data_head;
  branches(PER_WAKEUP * PERIOD);
  const int epoll = epoll_create1(0);
  struct epoll_event ready = {.events = EPOLLIN, .data.fd = fd};
  CHECK(epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ready) == 0);
  CHECK(epoll_wait(epoll, &ready, 1, -1) == 1 && ready.data.fd == fd && (ready.events & EPOLLIN));
  CHECK(epoll_wait(epoll, &ready, 1, 0) == 0);
  branches(PER_WAKEUP * PERIOD);
  fd_set set;
  FD_ZERO(&set);
  FD_SET(fd, &set);
  CHECK(select(fd + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(fd, &set));
  struct timeval none = {0};
  CHECK(select(fd + 1, &set, NULL, NULL, &none) == 0);
  branches(2 * SAMPLES * PERIOD);
  printf("%llu bytes in the ring\n", page->data_head);
  CHECK(page->data_head == SAMPLES * RECORD);
  CHECK(munmap(page, (1 + PAGES) * PAGE) == 0 && close(fd) == 0);
  return succeed();
}
