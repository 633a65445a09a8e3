/* Counters opened and used at random: whatever is asked of a described host, it answers, and the answers replay. */
#include "counters.h"
#include <poll.h>
#include <sys/mman.h>

enum { ROUNDS = 1500, PAGE = 4096, FEW = 8 };

static uint64_t state = 42, hash;

static uint64_t next(void) {
  state ^= state << 13;
  state ^= state >> 7;
  return state ^= state << 17;
}

static uint64_t one_of(const uint64_t *values, unsigned count) { return values[next() % count]; }

static void note(long result) { hash = mix(hash, (uint64_t)(result < 0 ? -errno : result)); }

static int open_some(int group) {
  const uint64_t configs[] = {ticks_event(), ticks_event() | IN_TXCP, ticks_event() | IN_TX, 0, 1, 9, 0x5100c0, next()};
  const uint64_t periods[] = {0, 0, 0, 1, 999, 100003, 0x7fffffff, next()};
  union {
    struct perf_event_attr attr;
    uint64_t words[sizeof(struct perf_event_attr) / 8];
  } any = {.attr = {.type = (uint32_t)(next() % 6 == 0 ? next() % 10 : next() % 3 == 0 ? 1 : 4),
                    .size = sizeof(any.attr),
                    .config = one_of(configs, 8),
                    .sample_period = one_of(periods, 8),
                    .read_format = next() % 8 == 0 ? next() : next() % 32,
                    .exclude_kernel = next() % 8 != 0,
                    .disabled = next() % 2,
                    .inherit = next() % 4 == 0,
                    .pinned = next() % 4 == 0,
                    .exclusive = next() % 8 == 0,
                    .freq = next() % 8 == 0,
                    .wakeup_events = (uint32_t)next() % 4,
                    .sample_type = next() % 4 == 0 ? next() % (1 << 25) : next() % 4}};
  if (next() % 8 == 0) any.words[next() % (sizeof(any) / 8)] ^= 1ull << next() % 64;
  return (int)syscall(SYS_perf_event_open, &any, 0, next() % 8 == 0 ? 0 : -1, group, next() % 8 == 0 ? next() % 16 : 0);
}

static void use(int fd) {
  static const unsigned long requests[] = {PERF_EVENT_IOC_ENABLE, PERF_EVENT_IOC_DISABLE, PERF_EVENT_IOC_REFRESH,
                                           PERF_EVENT_IOC_RESET,  PERF_EVENT_IOC_PERIOD,  PERF_EVENT_IOC_ID,
                                           PERF_EVENT_IOC_SET_OUTPUT, PERF_EVENT_IOC_PAUSE_OUTPUT};
  uint64_t words[64] = {next() % 4 == 0 ? next() : next() % 200000 + 1000};
  struct pollfd waits = {.fd = fd, .events = POLLIN};
  const unsigned long request = requests[next() % 8];
  switch (next() % 5) {
    case 0:
      note(ioctl(fd, request, request == PERF_EVENT_IOC_PERIOD || request == PERF_EVENT_IOC_ID ? (long)words : (long)(next() % 4)));
      break;
    case 1:
      note(read(fd, words, 8 * (next() % 64)));
      hash = mix(hash, words[0]);
      break;
    case 2:
      note(poll(&waits, 1, 0));
      hash = mix(hash, (uint64_t)waits.revents);
      break;
    case 3: {
      const size_t length = (1 + (next() % 4 == 0 ? next() % 8 : 1ul << next() % 3)) * PAGE;
      struct perf_event_mmap_page *page = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      note(page == MAP_FAILED ? -1 : 0);
      if (page == MAP_FAILED) break;
      branches(next() % 5000 + 1);
      hash = mix(hash, page->data_head);
      if (next() % 2) page->data_tail = next() % 4 == 0 ? next() : page->data_head;
      CHECK(munmap(page, length) == 0);
      break;
    }
    default:
      branches(next() % 20000 + 1);
  }
}

int main(void) {
  int fds[FEW];
  memset(fds, 0xff, sizeof(fds));
  if (ticks_event() == 0) return succeed();
  CHECK(signal(SIGIO, SIG_IGN) != SIG_ERR);
  for (int round = 0; round < ROUNDS; round++) {
    const int at = (int)(next() % FEW);
    if (fds[at] >= 0 && next() % 4 == 0) {
      CHECK(close(fds[at]) == 0);
      fds[at] = -1;
    }
    if (fds[at] < 0) note(fds[at] = open_some(next() % 4 == 0 ? fds[next() % FEW] : -1));
    if (fds[at] >= 0 && next() % 8 == 0) note(fcntl(fds[at], F_SETFL, O_ASYNC) | fcntl(fds[at], F_SETOWN, getpid()));
    use(fds[at]);
  }
  printf("%lx\n", hash);
  return succeed();
}
