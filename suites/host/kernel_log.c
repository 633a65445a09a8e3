/* What a program learns of its kernel's log and settings while it samples far too often: interrupts take too long, and the
 * kernel lowers the sampling rate and says so. With the argument `off` it switches that check off first
 * (perf_cpu_time_max_percent), and nothing is lowered. */
#include "counters.h"
#include <sys/klog.h>

enum { READ_ALL = 3, SIZE = 10, SAMPLES = 3000, PERIOD = 1000 };

static const char RATE[] = "/proc/sys/kernel/perf_event_max_sample_rate";
static const char PERCENT[] = "/proc/sys/kernel/perf_cpu_time_max_percent";

static long setting(const char *path) {
  char text[64] = {0};
  const int fd = open(path, O_RDONLY);
  CHECK(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && close(fd) == 0);
  return strtol(text, NULL, 10);
}

static int set(const char *path, const char *text) {
  const int fd = open(path, O_WRONLY);
  if (fd < 0) return errno;
  const ssize_t written = write(fd, text, strlen(text));
  const int error = written == (ssize_t)strlen(text) ? 0 : errno;
  CHECK(close(fd) == 0);
  return error;
}

static int lines_with(const char *log, const char *what) {
  int count = 0;
  for (const char *at = strstr(log, what); at; at = strstr(at + 1, what)) count++;
  return count;
}

/* Records of /dev/kmsg that have this in them: each read brings one. */
static int records_with(const char *what) {
  char record[8192];
  const int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK);
  CHECK(fd >= 0);
  int count = 0;
  for (ssize_t length; (length = read(fd, record, sizeof(record) - 1)) > 0;) {
    record[length] = 0;
    CHECK(strchr(record, ';') && strchr(record, '\n') == record + length - 1);
    if (strstr(record, what)) count++;
  }
  CHECK(errno == EAGAIN && close(fd) == 0);
  return count;
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "off") == 0) {
    CHECK(set(PERCENT, "101\n") == EINVAL && set(PERCENT, "many\n") == EINVAL);
    CHECK(set(PERCENT, "0\n") == 0 && setting(PERCENT) == 0);
    /* Nobody keeps the rate now, so it can't be set. */
    CHECK(set(RATE, "1000\n") == EINVAL);
  }
  const long before = setting(RATE);
  const uint64_t event = ticks_event();
  const int fd = event ? open_counter(event, PERIOD, 0) : (errno = ENOENT, -1);
  require_counter(fd, "no counter of conditional branches");
  enable(fd);
  branches((uint64_t)SAMPLES * PERIOD);
  disable(fd);
  const int size = klogctl(SIZE, NULL, 0);
  CHECK(size > 0);
  char *log = calloc(1, size + 1);
  CHECK(log && klogctl(READ_ALL, log, size) > 0);
  const int slow = lines_with(log, "interrupt took too long"), nmi = lines_with(log, "NMI handler");
  CHECK(records_with("interrupt took too long") == slow && records_with("NMI handler") == nmi);
  CHECK(lines_with(log, "kvm_pmu") == 0);
  printf("%s\n", strstr(log, "Linux version") ? strtok(strstr(log, "Linux version"), "\n") : "no version");
  printf("too long: %s, NMI: %s, rate: %s\n", slow ? "said" : "not said", nmi ? "said" : "not said",
         setting(RATE) < before ? "lowered" : "kept");
  return succeed();
}
