/* Users, groups and capabilities of a process that gives up what it has: what it may still open, and whom it
 * may signal. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static void drop(const char *secret) {
  struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct sets[2];
  CHECK(syscall(SYS_capget, &head, sets) == 0);
  if (getuid() != 0) {
    CHECK(setuid(0) < 0 && errno == EPERM);
    _exit(0);
  }
  CHECK(setgroups(0, NULL) == 0 && setresgid(65534, 65534, 65534) == 0);
  CHECK(prctl(PR_SET_KEEPCAPS, 1) == 0 && setresuid(65534, 65534, 65534) == 0);
  uid_t real, effective, saved;
  CHECK(getresuid(&real, &effective, &saved) == 0 && real == 65534 && effective == 65534 && saved == 65534);
  CHECK(open(secret, O_RDONLY) < 0 && errno == EACCES);
  CHECK(syscall(SYS_capget, &head, sets) == 0 && sets[0].effective == 0 && sets[0].permitted != 0);
  sets[0].effective = sets[0].permitted & (1u << CAP_DAC_OVERRIDE);
  CHECK(syscall(SYS_capset, &head, sets) == 0);
  if (sets[0].effective) CHECK(open(secret, O_RDONLY) >= 0);
  memset(sets, 0, sizeof(sets));
  CHECK(syscall(SYS_capset, &head, sets) == 0 && open(secret, O_RDONLY) < 0);
  CHECK(kill(getppid(), 0) < 0 && errno == EPERM && setuid(0) < 0 && errno == EPERM);
  CHECK(prctl(PR_GET_DUMPABLE) == 0 || prctl(PR_GET_DUMPABLE) == 2);
  _exit(0);
}

int main(void) {
  char secret[] = "/tmp/tickproof-XXXXXX";
  const int fd = mkstemp(secret);
  CHECK(fd >= 0 && fchmod(fd, 0600) == 0);
  CHECK((umask(027), umask(022)) == 027);
  const pid_t child = fork();
  if (child == 0) drop(secret);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  CHECK(setfsuid((uid_t)-1) == (int)geteuid() && unlink(secret) == 0);
  CHECK(prctl(PR_SET_NAME, "a-name-that-is-too-long") == 0);
  char name[16];
  CHECK(prctl(PR_GET_NAME, name) == 0 && strcmp(name, "a-name-that-is-") == 0);
  return succeed();
}
