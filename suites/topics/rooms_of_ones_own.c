/* Namespaces of user, mounts, network, names and time, entered by a child: its own files, its own interface,
 * its own clock. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static int put(const char *path, const char *format, unsigned id) {
  const int fd = open(path, O_WRONLY);
  const int result = fd >= 0 && dprintf(fd, format, id) > 0;
  close(fd);
  return result;
}

static int inside(void) {
  const unsigned user = getuid(), group = getgid();
  if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWUTS) != 0) {
    CHECK(errno == EPERM || errno == ENOSPC || errno == EINVAL);
    return 3;
  }
  CHECK(put("/proc/self/setgroups", "deny", 0) && put("/proc/self/uid_map", "0 %u 1", user) &&
        put("/proc/self/gid_map", "0 %u 1", group));
  CHECK(getuid() == 0 && getgid() == 0);
  CHECK(sethostname("inside", 6) == 0);
  struct utsname names;
  CHECK(uname(&names) == 0 && strcmp(names.nodename, "inside") == 0);
  CHECK(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("none", "/tmp", "tmpfs", 0, "size=64k") == 0);
  const int fd = open("/tmp/file", O_RDWR | O_CREAT, 0600);
  char page[4096] = "full";
  int written = 0;
  while (write(fd, page, sizeof(page)) == sizeof(page)) written++;
  CHECK(errno == ENOSPC && written > 0 && written <= 16);
  CHECK(umount2("/tmp", MNT_DETACH) == 0 && access("/tmp/file", F_OK) != 0);
  const int any = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq loop = {.ifr_name = "lo"};
  CHECK(ioctl(any, SIOCGIFFLAGS, &loop) == 0 && !(loop.ifr_flags & IFF_UP));
  loop.ifr_flags |= IFF_UP;
  CHECK(ioctl(any, SIOCSIFFLAGS, &loop) == 0 && ioctl(any, SIOCGIFFLAGS, &loop) == 0 &&
        (loop.ifr_flags & IFF_UP));
  if (unshare(CLONE_NEWTIME) == 0 && put("/proc/self/timens_offsets", "monotonic %u 0", 1000000)) {
    const pid_t child = fork();
    if (child == 0) {
      struct timespec now;
      _exit(clock_gettime(CLOCK_MONOTONIC, &now) == 0 && now.tv_sec >= 1000000 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
  }
  return 0;
}

int main(void) {
  const pid_t child = fork();
  if (child == 0) _exit(inside());
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) &&
        (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3));
  struct utsname names;
  CHECK(uname(&names) == 0 && strcmp(names.nodename, "inside") != 0);
  printf("status %d\n", WEXITSTATUS(status));
  return succeed();
}
