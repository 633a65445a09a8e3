/*
 * A process of root makes children that give up their rights, each by another call, and try to change what the engine shares
 * between them and their parent: the lookup table by its address, and shared memory by its numbers. Natively nothing is there.
 */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/wait.h>

enum { NOBODY = 65534, TABLE = 0x20000, SLOTS = 0x10000 };

static int called;

__attribute__((noinline)) static void called_by_parent(void) { called++; }

static void (*volatile through)(void) = called_by_parent;

static void by_setuid(void) { CHECK(setuid(NOBODY) == 0); }
static void by_setresuid(void) { CHECK(setresuid(NOBODY, NOBODY, NOBODY) == 0); }
static void for_a_while(void) { CHECK(setresuid(-1, NOBODY, -1) == 0); }
static void by_groups(void) { CHECK(setgroups(0, NULL) == 0 && setregid(NOBODY, NOBODY) == 0); }
static void by_all(void) { by_groups(), by_setuid(); }
static void by_capset(void) {
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct none[2] = {{0}};
  CHECK(syscall(SYS_capset, &head, none) == 0);
}
static void by_chroot(void) { CHECK(chroot("/proc/self/fdinfo") == 0); }
static void by_namespace(void) {
  if (unshare(CLONE_NEWUSER) != 0) CHECK(errno == EPERM || errno == ENOSPC || errno == EINVAL);
}

static sigjmp_buf back;
static void on_fault(int signal) { siglongjmp(back, signal); }

/* Its parent's next call through a pointer would go astray. */
static void change_table(void) {
  signal(SIGSEGV, on_fault);
  if (sigsetjmp(back, 1) == 0) {
    volatile uint64_t *slot = (volatile uint64_t *)TABLE + ((uintptr_t)called_by_parent & (SLOTS - 1));
    *slot = 0x4141414141414141;
  }
}

/* Shared memory of whoever has started the program can't be had, not even by a root that has lost its rights. */
static void change_segments(int list, int tracer) {
  static char lines[1 << 16];
  const ssize_t length = pread(list, lines, sizeof(lines) - 1, 0);
  CHECK(length > 0);
  for (char *line = strtok(lines, "\n"); line != NULL; line = strtok(NULL, "\n")) {
    int id, maker;
    if (sscanf(line, "%*d %d %*o %*d %d", &id, &maker) != 2) continue;
    if (maker != tracer) continue;
    struct shmid_ds description;
    CHECK(shmat(id, NULL, 0) == (void *)-1 && shmctl(id, IPC_STAT, &description) == -1);
  }
}

static void attack(void (*drop)(void), int list) {
  const int tracer = getppid();
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    drop();
    change_table();
    change_segments(list, tracer);
    for (int i = 0; i < 3; i++) getpid();
    if (drop == for_a_while) CHECK(seteuid(0) == 0 && getuid() == 0);
    exit(7);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  through();
}

int main(void) {
  void (*const ways[])(void) = {by_setuid, by_setresuid, for_a_while, by_groups,
                                by_all,    by_capset,    by_chroot,   by_namespace};
  const int count = sizeof(ways) / sizeof(ways[0]);
  const int list = open("/proc/sysvipc/shm", O_RDONLY);
  CHECK(list >= 0);
  through();
  for (int i = 0; i < count; i++) attack(ways[i], list);
  CHECK(called == count + 1);
  return succeed();
}
