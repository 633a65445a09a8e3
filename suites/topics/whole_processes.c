/* What a process can ask about itself and its time: usage, limits, priority, scheduling, affinity, load,
 * barriers of memory. */
#include "../tickproof.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <sys/wait.h>

int main(void) {
  struct rusage before, after;
  CHECK(getrusage(RUSAGE_SELF, &before) == 0);
  volatile uint64_t work = 0;
  for (int i = 0; i < 20000000; i++) work = mix(work, (uint64_t)i);
  CHECK(getrusage(RUSAGE_THREAD, &after) == 0 && getrusage(RUSAGE_SELF, &after) == 0);
  CHECK(after.ru_utime.tv_sec * 1000000 + after.ru_utime.tv_usec >=
        before.ru_utime.tv_sec * 1000000 + before.ru_utime.tv_usec);
  struct tms times_;
  CHECK(times(&times_) != (clock_t)-1);
  struct sysinfo machine;
  struct utsname names;
  CHECK(sysinfo(&machine) == 0 && machine.procs > 0 && uname(&names) == 0 &&
        strcmp(names.sysname, "Linux") == 0);
  CHECK(nice(3) == 3 && getpriority(PRIO_PROCESS, 0) == 3 && setpriority(PRIO_PROCESS, 0, 5) == 0);
  struct sched_param none = {0};
  CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_setscheduler(0, SCHED_BATCH, &none) == 0 &&
        sched_getscheduler(0) == SCHED_BATCH);
  CHECK(sched_get_priority_max(SCHED_FIFO) == 99 && sched_get_priority_min(SCHED_RR) == 1);
  struct timespec slice;
  CHECK(sched_rr_get_interval(0, &slice) == 0);
  cpu_set_t set, one;
  CHECK(sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) >= 1);
  CPU_ZERO(&one);
  for (int i = 0; i < CPU_SETSIZE; i++)
    if (CPU_ISSET(i, &set) && CPU_COUNT(&one) == 0) CPU_SET(i, &one);
  CHECK(sched_setaffinity(0, sizeof(one), &one) == 0 && sched_getaffinity(0, sizeof(set), &set) == 0 &&
        CPU_EQUAL(&one, &set));
  CHECK(CPU_ISSET(sched_getcpu(), &one));
  unsigned cpu, node;
  CHECK(syscall(SYS_getcpu, &cpu, &node, NULL) == 0 && CPU_ISSET((int)cpu, &one));
  const long supported = syscall(SYS_membarrier, 0, 0, 0);
  CHECK(supported < 0 ? errno == ENOSYS : (supported & 1) && syscall(SYS_membarrier, 1, 0, 0) == 0);
  double loads[3];
  CHECK(getloadavg(loads, 3) == 3 && sysconf(_SC_NPROCESSORS_ONLN) >= 1);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  int status;
  CHECK(wait4(child, &status, 0, &after) == child && status == 0 && getrusage(RUSAGE_CHILDREN, &after) == 0);
  printf("%s %s %lu procs, priority %d\n", names.release, names.machine, (unsigned long)machine.procs,
         getpriority(PRIO_PROCESS, 0));
  return succeed();
}
