/* What people who count expect of counters, in the words of their manuals: perf_event_open(2), perf-stat(1), PAPI's presets and
 * low-level calls, and what the kernel promises of inherited, grouped and sampled events. One line for each that holds. */
#include "../tickproof.h"
#include <fcntl.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { TURNS = 20000, PERIOD = 100000, PAGE = 4096 };

/* Two instructions a turn, one of them a branch. */
static void turns(uint64_t count) {
  __asm__ volatile("1: dec %0\n jnz 1b\n" : "+r"(count) : : "cc");
}

static struct perf_event_attr attr_of(uint64_t config) {
  return (struct perf_event_attr){.type = PERF_TYPE_HARDWARE,
                                  .size = sizeof(struct perf_event_attr),
                                  .config = config,
                                  .disabled = 1,
                                  .exclude_kernel = 1};
}

static int open_event(struct perf_event_attr *attr, int group) {
  const int fd = (int)syscall(SYS_perf_event_open, attr, 0, -1, group, PERF_FLAG_FD_CLOEXEC);
  CHECK(fd >= 0);
  return fd;
}

static uint64_t value_of(int fd) {
  uint64_t value[4];
  CHECK(read(fd, value, sizeof(value)) >= 8);
  return value[0];
}

static void order(int fd, unsigned long request) { CHECK(ioctl(fd, request, 0) == 0); }

static uint64_t counted(int fd, uint64_t count) {
  order(fd, PERF_EVENT_IOC_RESET);
  order(fd, PERF_EVENT_IOC_ENABLE);
  turns(count);
  order(fd, PERF_EVENT_IOC_DISABLE);
  return value_of(fd);
}

static void *thread(void *unused) {
  (void)unused;
  turns(TURNS);
  return NULL;
}

static volatile int overflows;
static void overflow(int signal) {
  (void)signal;
  overflows++;
}

int main(void) {
  struct perf_event_attr attr = attr_of(PERF_COUNT_HW_INSTRUCTIONS);
  const int instructions = open_event(&attr, -1);
  attr = attr_of(PERF_COUNT_HW_BRANCH_INSTRUCTIONS);
  const int branches = open_event(&attr, -1);

  CHECK(value_of(instructions) == 0);
  turns(TURNS);
  CHECK(value_of(instructions) == 0);
  puts("an event that is disabled counts nothing");

  counted(instructions, 1);
  const uint64_t once = counted(instructions, TURNS), twice = counted(instructions, 2 * TURNS);
  CHECK(twice - once == 2 * TURNS && counted(instructions, TURNS) == once);
  puts("the same work counts the same, and twice the work twice as much");

  const uint64_t before = value_of(instructions);
  turns(TURNS);
  CHECK(value_of(instructions) == before);
  puts("a count stays as it is once the event is disabled");

  counted(branches, 1);
  const uint64_t few = counted(branches, TURNS);
  CHECK(counted(branches, 2 * TURNS) - few == TURNS && once - few >= TURNS);
  puts("branches are among the instructions, one for each turn of a loop");

  order(instructions, PERF_EVENT_IOC_RESET);
  CHECK(value_of(instructions) == 0);
  puts("a reset sets the count to 0");

  attr = attr_of(PERF_COUNT_HW_INSTRUCTIONS);
  attr.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING | PERF_FORMAT_ID;
  const int leader = open_event(&attr, -1);
  attr = attr_of(PERF_COUNT_HW_BRANCH_INSTRUCTIONS);
  attr.disabled = 0;
  attr.read_format = PERF_FORMAT_ID;
  const int member = open_event(&attr, leader);
  CHECK(ioctl(leader, PERF_EVENT_IOC_ENABLE, PERF_IOC_FLAG_GROUP) == 0);
  turns(TURNS);
  CHECK(ioctl(leader, PERF_EVENT_IOC_DISABLE, PERF_IOC_FLAG_GROUP) == 0);
  uint64_t group[7], ids[2];
  CHECK(read(leader, group, sizeof(group)) == sizeof(group));
  CHECK(ioctl(leader, PERF_EVENT_IOC_ID, &ids[0]) == 0 && ioctl(member, PERF_EVENT_IOC_ID, &ids[1]) == 0);
  CHECK(group[0] == 2 && group[1] == group[2] && group[4] == ids[0] && group[6] == ids[1]);
  CHECK(group[3] >= 2 * TURNS && group[5] >= TURNS && group[3] - group[5] >= TURNS);
  puts("a group is read at once, with the ids of its members, and runs together");
  CHECK(close(member) == 0 && close(leader) == 0);

  attr = attr_of(PERF_COUNT_HW_INSTRUCTIONS);
  attr.inherit = 1;
  const int inherited = open_event(&attr, -1);
  order(inherited, PERF_EVENT_IOC_ENABLE);
  pthread_t other;
  CHECK(pthread_create(&other, NULL, thread, NULL) == 0 && pthread_join(other, NULL) == 0);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    turns(TURNS);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  order(inherited, PERF_EVENT_IOC_DISABLE);
  CHECK(value_of(inherited) >= 4 * TURNS);
  puts("threads and children are counted where the event is inherited");
  CHECK(close(inherited) == 0);

  const struct sigaction action = {.sa_handler = overflow};
  CHECK(sigaction(SIGIO, &action, NULL) == 0);
  attr = attr_of(PERF_COUNT_HW_INSTRUCTIONS);
  attr.sample_period = PERIOD;
  attr.sample_type = PERF_SAMPLE_IP;
  attr.wakeup_events = 1;
  const int sampled = open_event(&attr, -1);
  struct perf_event_mmap_page *page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, sampled, 0);
  CHECK(page != MAP_FAILED);
  CHECK(fcntl(sampled, F_SETFL, O_ASYNC) == 0 && fcntl(sampled, F_SETOWN, getpid()) == 0);
  order(sampled, PERF_EVENT_IOC_ENABLE);
  turns(5 * PERIOD + PERIOD / 4);
  order(sampled, PERF_EVENT_IOC_DISABLE);
  /* Two instructions a turn are ten periods and a half: that is more than calls, handlers and any skid take. */
  CHECK(overflows == 10 && page->data_head == 10 * (sizeof(struct perf_event_header) + sizeof(uint64_t)));
  puts("one overflow, one sample and one signal for each period");
  CHECK(munmap(page, 2 * PAGE) == 0 && close(sampled) == 0);

  attr = attr_of(PERF_COUNT_HW_MAX);
  CHECK(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0) == -1);
  puts("an event that is none is refused");
  return succeed();
}
