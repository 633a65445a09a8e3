/* What a program reads of itself and its processor in /proc is what it would read without a tracer, and agrees with what the
 * kernel and the processor say when they are asked directly; read once more through the same descriptor, it is new. */
#include "../tickproof.h"
#include <cpuid.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/wait.h>

static char text[65536];

static const char *read_all(int fd) {
  CHECK(lseek(fd, 0, SEEK_SET) == 0);
  size_t have = 0;
  for (ssize_t more; (more = read(fd, text + have, 1000)) > 0; have += more) CHECK(have < sizeof(text) - 1001);
  text[have] = 0;
  return text;
}

static const char *contents(const char *path) {
  const int fd = open(path, O_RDONLY);
  CHECK(fd >= 0);
  read_all(fd);
  close(fd);
  return text;
}

static const char *field(const char *in, const char *name) {
  static char line[256];
  const char *at = strstr(in, name);
  CHECK(at != NULL && sscanf(at + strlen(name), ":\t%255[^\n]", line) == 1);
  return line;
}

static unsigned long mask(const char *in, const char *name) { return strtoul(field(in, name), NULL, 16); }

static void expect(const char *path, const char *name, const char *value) {
  const char *got = field(contents(path), name);
  if (strcmp(got, value) != 0) fprintf(stderr, "%s of %s: %s\n", name, path, got);
  CHECK(strcmp(got, value) == 0);
}

static void *other_thread(void *path) {
  expect(path, "TracerPid", "0");
  expect("/proc/thread-self/status", "State", "R (running)");
  cpu_set_t all, one;
  CHECK(sched_getaffinity(0, sizeof(all), &all) == 0);
  CPU_ZERO(&one);
  for (int i = CPU_SETSIZE - 1; CPU_COUNT(&one) == 0; i--)
    if (CPU_ISSET(i, &all)) CPU_SET(i, &one);
  CHECK(sched_setaffinity(0, sizeof(one), &one) == 0);
  cpu_set_t now;
  CHECK(sched_getaffinity(0, sizeof(now), &now) == 0 && CPU_EQUAL(&now, &one));
  return NULL;
}

static int bit_of(const char *flags, const char *name) {
  char word[32];
  snprintf(word, sizeof(word), " %s ", name);
  return strstr(flags, word) != NULL;
}

int main(void) {
  char own[64];
  snprintf(own, sizeof(own), "/proc/self/task/%d/status", getpid());
  expect("/proc/self/status", "TracerPid", "0");
  expect("/proc/thread-self/status", "TracerPid", "0");
  expect(own, "State", "R (running)");
  const char *stat = strrchr(contents("/proc/self/stat"), ')');
  CHECK(stat != NULL && stat[2] == 'R');

  puts("Signals");
  const int fd = open("/proc/self/status", O_RDONLY);
  sigset_t some;
  sigemptyset(&some);
  sigaddset(&some, SIGTRAP);
  sigaddset(&some, SIGUSR1);
  CHECK(mask(read_all(fd), "SigBlk") == 0);
  CHECK(sigprocmask(SIG_BLOCK, &some, NULL) == 0 && signal(SIGTRAP, SIG_IGN) == SIG_DFL);
  CHECK(mask(read_all(fd), "SigBlk") == (1ul << (SIGTRAP - 1) | 1ul << (SIGUSR1 - 1)));
  CHECK(mask(read_all(fd), "SigIgn") & 1ul << (SIGTRAP - 1));

  puts("Processors");
  cpu_set_t set, seen;
  CHECK(sched_getaffinity(0, sizeof(set), &set) == 0);
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, other_thread, own) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(sched_getaffinity(getpid(), sizeof(seen), &seen) == 0 && CPU_EQUAL(&set, &seen));
  CPU_ZERO(&seen);
  for (char *list = strdup(field(read_all(fd), "Cpus_allowed_list")), *part; (part = strsep(&list, ",")) != NULL;) {
    int first, last;
    const int count = sscanf(part, "%d-%d", &first, &last);
    for (int i = first; i <= (count == 2 ? last : first); i++) CPU_SET(i, &seen);
  }
  CHECK(CPU_EQUAL(&set, &seen));
  unsigned a, b, c, d;
  CHECK(__get_cpuid_count(7, 0, &a, &b, &c, &d));
  contents("/proc/cpuinfo");
  const char *flags = strstr(text, "\nflags\t");
  CHECK(flags != NULL);
  *strchr(flags + 1, '\n') = 0;
  CHECK(!bit_of(flags, "amx_tile") && !(d & 1 << 24) && !bit_of(flags, "rtm") && !(b & 1 << 11));
  CHECK(!bit_of(flags, "pku") && !(c & 1 << 3) && !bit_of(flags, "waitpkg") && !(c & 1 << 5));
  CHECK(bit_of(flags, "avx2") == (b >> 5 & 1) && bit_of(flags, "fsgsbase") == (int)(b & 1));

  puts("Personality");
  const int now = personality(0xffffffff);
  CHECK((int)strtoul(contents("/proc/self/personality"), NULL, 16) == now);
  CHECK(personality(now | ADDR_NO_RANDOMIZE) == now);
  CHECK(strtoul(contents("/proc/self/personality"), NULL, 16) == (unsigned long)(now | ADDR_NO_RANDOMIZE));

  puts("Children");
  int ends[2];
  CHECK(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    close(ends[1]);
    char byte;
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  char path[64];
  snprintf(path, sizeof(path), "/proc/%d/status", child);
  expect(path, "TracerPid", "0");
  const char state = field(contents(path), "State")[0];
  CHECK(state == 'S' || state == 'R');
  CHECK(kill(child, SIGSTOP) == 0 && waitpid(child, NULL, WUNTRACED) == child);
  expect(path, "State", "T (stopped)");
  CHECK(kill(child, SIGCONT) == 0);
  close(ends[1]);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return succeed();
}
