/* How a program wants to be scheduled, and what its children get of that: policies, nice values, disks, processors. */
#include "../tickproof.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { IO_PROCESS = 1, IO_BEST_EFFORT = 2 << 13, IO_IDLE = 3 << 13 };

/* struct sched_attr of linux/sched/types.h, its first version. */
struct attributes {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

static void is(int policy, int value, int io) {
  struct attributes found;
  CHECK(sched_getscheduler(0) == policy && getpriority(PRIO_PROCESS, 0) == value);
  CHECK(syscall(SYS_sched_getattr, 0, &found, sizeof(found), 0) == 0);
  CHECK(found.policy == (uint32_t)policy && found.nice == value);
  CHECK(syscall(SYS_ioprio_get, IO_PROCESS, 0) == io);
}

int main(void) {
  struct sched_param none = {0};
  const struct sched_param some = {.sched_priority = 5};
  const int base = getpriority(PRIO_PROCESS, 0), io = (int)syscall(SYS_ioprio_get, IO_PROCESS, 0);
  is(SCHED_OTHER, base, io);
  CHECK(sched_setscheduler(0, SCHED_OTHER, &some) < 0 && errno == EINVAL);
  CHECK(sched_setscheduler(0, 99, &none) < 0 && errno == EINVAL);
  CHECK(sched_get_priority_max(SCHED_RR) == 99 && sched_get_priority_min(SCHED_RR) == 1);

  CHECK(sched_setscheduler(0, SCHED_BATCH, &none) == 0 && nice(1) == base + 1);
  CHECK(syscall(SYS_ioprio_set, IO_PROCESS, 0, IO_BEST_EFFORT | 6) == 0);
  is(SCHED_BATCH, base + 1, IO_BEST_EFFORT | 6);
  struct attributes wanted = {.size = sizeof(wanted), .policy = SCHED_OTHER, .nice = base + 2};
  CHECK(syscall(SYS_sched_setattr, 0, &wanted, 0) == 0);
  is(SCHED_OTHER, base + 2, IO_BEST_EFFORT | 6);
  wanted.size = 8;
  CHECK(syscall(SYS_sched_setattr, 0, &wanted, 0) < 0 && errno == E2BIG && wanted.size >= sizeof(wanted));

  cpu_set_t all, first;
  CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
  CPU_ZERO(&first);
  for (int processor = 0; processor < CPU_SETSIZE && CPU_COUNT(&first) == 0; processor++)
    if (CPU_ISSET(processor, &all)) CPU_SET(processor, &first);
  CHECK(sched_setaffinity(0, sizeof(first), &first) == 0);
  CHECK(sched_getcpu() >= 0 && CPU_ISSET(sched_getcpu(), &first));
  const pid_t child = fork();
  if (child == 0) {
    is(SCHED_OTHER, base + 2, IO_BEST_EFFORT | 6);
    cpu_set_t mine;
    CHECK(sched_getaffinity(0, sizeof(mine), &mine) == 0 && CPU_EQUAL(&mine, &first));
    CHECK(sched_setscheduler(0, SCHED_IDLE, &none) == 0 && syscall(SYS_ioprio_set, IO_PROCESS, 0, IO_IDLE) == 0);
    is(SCHED_IDLE, base + 2, IO_IDLE);
    _exit(0);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  is(SCHED_OTHER, base + 2, IO_BEST_EFFORT | 6);
  CHECK(sched_getparam(child, &none) < 0 && errno == ESRCH);
  CHECK(sched_setaffinity(0, sizeof(all), &all) == 0);
  return succeed();
}
