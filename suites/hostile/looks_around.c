/*
 * A program that looks for what whoever started it may have left open to it: descriptors, rights, variables, its memory and
 * files. It prints what it finds, but for numbers that are others each time. With a word as its argument it attacks instead.
 */
#include "../tickproof.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>

extern char **environ;

static void show_status(void) {
  static const char *const wanted[] = {"Uid:", "Gid:", "Groups:", "Cap", "NoNewPrivs:", "Seccomp", "TracerPid:", "SigBlk:", "SigIgn:", "SigCgt:"};
  char line[4096];
  FILE *status = fopen("/proc/self/status", "r");
  CHECK(status != NULL);
  while (fgets(line, sizeof(line), status) != NULL)
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
      if (strncmp(line, wanted[i], strlen(wanted[i])) == 0) printf("%s", line);
  fclose(status);
}

static void show_descriptors(void) {
  for (int fd = 0; fd < 1024; fd++) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags >= 0) printf("descriptor %d, flags %d, mode %d\n", fd, flags, fcntl(fd, F_GETFL) & O_ACCMODE);
  }
}

/* What can be had of the parent: as much as of any process of the same user. */
static void show_parent(void) {
  static const char *const names[] = {"mem", "environ", "auxv", "exe", "cwd"};
  char path[64];
  for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
    snprintf(path, sizeof(path), "/proc/%d/%s", getppid(), names[i]);
    const int fd = open(path, i == 0 ? O_RDWR : O_RDONLY);
    printf("parent's %s: %s\n", names[i], fd >= 0 ? "open" : strerror(errno));
    if (fd >= 0) close(fd);
  }
  printf("signal: %d\n", kill(getppid(), 0));
}

static void show_segments(void) {
  char line[512];
  FILE *list = fopen("/proc/sysvipc/shm", "r");
  if (list == NULL) return;
  while (fgets(line, sizeof(line), list) != NULL) {
    int id, maker;
    struct shmid_ds description;
    if (sscanf(line, "%*d %d %*o %*d %d", &id, &maker) != 2 || maker != getppid()) continue;
    printf("segment: %d %d\n", shmat(id, NULL, 0) != (void *)-1, shmctl(id, IPC_STAT, &description) == 0);
  }
  fclose(list);
}

/* Writes over memory where it is written to, if anything is there. */
static volatile int faults;
static void skip(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 3; /* of the store */
  faults++;
}

static void scribble(uint64_t from, uint64_t to, uint64_t value) {
  for (uint64_t at = from; at < to; at += 8)
    __asm__ volatile("movq %0, (%1)" : : "r"(value), "r"(at) : "memory");
}

int main(int count, char **words) {
  if (count == 1) {
    show_status();
    show_descriptors();
    show_parent();
    show_segments();
    for (char **variable = environ; *variable != NULL; variable++) puts(*variable);
    return succeed();
  }
  handle(SIGSEGV, skip, SA_NODEFER);
  if (strcmp(words[1], "stop") == 0) kill(getppid(), SIGTERM);
  if (strcmp(words[1], "trace") == 0) ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
  if (strcmp(words[1], "scribble") == 0 && count == 5)
    scribble(strtoull(words[2], NULL, 0), strtoull(words[3], NULL, 0), strtoull(words[4], NULL, 0));
  for (int i = 0; i < 1000; i++) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    close(-1);
  }
  return succeed();
}
