/* Programs by descriptor, by folder, by script, by a link; their names, arguments and environment; errors of
 * execve. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <spawn.h>

static int ended(pid_t pid) {
  int status;
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
  return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
  if (argc > 1) {
    CHECK(argc == 3 && strcmp(argv[1], "child") == 0);
    printf("%s %s\n", argv[0][0] == '/' ? "by path" : argv[0], getenv("WHICH") ? getenv("WHICH") : "none");
    return 40 + atoi(argv[2]);
  }
  const int self = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  CHECK(self >= 0);
  pid_t child = fork();
  if (child == 0) {
    fexecve(self, (char *[]){"renamed", "child", "1", NULL}, (char *[]){"WHICH=descriptor", NULL});
    _exit(1);
  }
  CHECK(ended(child) == 41);
  char path[4096];
  const ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
  CHECK(length > 0);
  path[length] = 0;
  char *slash = strrchr(path, '/');
  *slash = 0;
  const int folder = open(path, O_PATH | O_DIRECTORY);
  child = fork();
  if (child == 0) {
    syscall(SYS_execveat, folder, slash + 1, (char *[]){"at", "child", "2", NULL}, (char *[]){NULL}, 0);
    _exit(1);
  }
  CHECK(ended(child) == 42);
  *slash = '/';
  char script[] = "/tmp/tickproof-XXXXXX";
  const int fd = mkstemp(script);
  CHECK(fd >= 0 && dprintf(fd, "#!%s child\n", path) > 0 && fchmod(fd, 0700) == 0 && close(fd) == 0);
  CHECK(posix_spawn(&child, script, NULL, NULL, (char *[]){"ignored", NULL},
                    (char *[]){"WHICH=script", NULL}) == 0);
  CHECK(ended(child) == 40);
  CHECK(unlink(script) == 0);
  child = vfork();
  if (child == 0) {
    execl(path, "linked", "child", "3", NULL);
    _exit(1);
  }
  CHECK(ended(child) == 43);
  CHECK(execl("/", "x", NULL) < 0 && errno == EACCES);
  CHECK(execl("/proc/self/none", "x", NULL) < 0 && errno == ENOENT);
  CHECK(syscall(SYS_execve, path, 8, NULL) < 0 && errno == EFAULT);
  static char large[3 << 20];
  memset(large, 'x', sizeof(large) - 1);
  CHECK(execl(path, large, NULL) < 0 && errno == E2BIG);
  return succeed();
}
