/* Tries each way that it knows to change files outside of its working folder, and a few that change files in it.
 * Expects ../outside with a file in it, and links to both: link and folder. Every line says how a call ended. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>

static void tell(const char *what, long result) {
  printf("%s: %s\n", what, result < 0 ? strerrorname_np(errno) : "done");
}

#define TRY(call) tell(#call, (long)(call))

static int bind_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  strcpy(address.sun_path, path);
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  const int result = bind(fd, (struct sockaddr *)&address, sizeof(address));
  const int saved = errno;
  close(fd);
  errno = saved;
  return result;
}

static long open_in_root(const char *path) {
  struct open_how how = {.flags = O_WRONLY | O_CREAT, .mode = 0644, .resolve = RESOLVE_IN_ROOT};
  return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

static void outside(void) {
  puts("outside");
  const int folder = open("../outside", O_RDONLY | O_DIRECTORY);
  const int file = open("../outside/file", O_RDONLY);
  char reopened[64], absolute[4096];
  snprintf(reopened, sizeof(reopened), "/proc/self/fd/%d", file);
  CHECK(realpath("../outside/file", absolute));
  CHECK(folder >= 0 && file >= 0);
  TRY(open("../outside/file", O_WRONLY));
  TRY(open(absolute, O_RDWR));
  TRY(open("./../outside//new", O_WRONLY | O_CREAT, 0644));
  TRY(open("../outside/file", O_RDONLY | O_TRUNC));
  TRY(openat(folder, "file", O_WRONLY));
  TRY(open("link", O_WRONLY));
  TRY(open("folder/new", O_WRONLY | O_CREAT, 0644));
  TRY(open("folder", O_TMPFILE | O_RDWR, 0600));
  TRY(open(reopened, O_RDWR));
  TRY(open("/proc/thread-self/cwd/../outside/file", O_WRONLY));
  TRY(creat("../outside/new", 0644));
  TRY(open_in_root("/new"));
  TRY(truncate("link", 0));
  TRY(unlink("../outside/file"));
  TRY(unlinkat(folder, "file", 0));
  TRY(rename("../outside/file", "stolen"));
  TRY(rename("own", "../outside/own"));
  TRY(link("../outside/file", "other"));
  TRY(linkat(AT_FDCWD, "link", AT_FDCWD, "other", AT_SYMLINK_FOLLOW));
  TRY(symlink("x", "../outside/symlink"));
  TRY(mkdir("folder/new", 0755));
  TRY(rmdir("../outside"));
  TRY(rmdir("../inside"));
  TRY(mknod("../outside/fifo", S_IFIFO | 0644, 0));
  TRY(chmod("link", 0600));
  TRY(fchmod(file, 0600));
  TRY(fchmodat(AT_FDCWD, "folder/.", 0700, 0));
  TRY(utimensat(AT_FDCWD, "link", NULL, 0));
  TRY(futimens(file, NULL));
  TRY(lchown("folder/", -1, -1));
  TRY(setxattr("link", "user.x", "y", 1, 0));
  TRY(fsetxattr(file, "user.x", "y", 1, 0));
  TRY(bind_to("../outside/socket"));
  TRY(mount("../outside", "made", NULL, MS_BIND, NULL));
  CHECK(chdir("../outside") == 0);
  TRY(open("file", O_WRONLY));
  CHECK(fchdir(open("/proc/self/cwd", O_PATH)) == 0 && chdir("../inside") == 0);
}

static void inside(void) {
  puts("inside");
  const int own = open("own", O_WRONLY | O_CREAT, 0644);
  TRY(own);
  TRY(fchmod(own, 0600));
  TRY(mkdir("made", 0755));
  TRY(open("made/../made/./new", O_RDWR | O_CREAT, 0644));
  TRY(rename("made/new", "renamed"));
  TRY(open(".", O_TMPFILE | O_RDWR, 0600));
  TRY(symlink("../outside", "made/link"));
  TRY(unlink("made/link"));
  TRY(bind_to("socket"));
}

static void harmless(void) {
  puts("harmless");
  TRY(open("../outside/file", O_RDONLY));
  TRY(open("/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0666));
  int ends[2];
  CHECK(pipe(ends) == 0);
  char end[64];
  snprintf(end, sizeof(end), "/proc/self/fd/%d", ends[1]);
  TRY(open(end, O_WRONLY));
  TRY(memfd_create("memory", 0));
}

int main(void) {
  inside();
  outside();
  harmless();
  return succeed();
}
