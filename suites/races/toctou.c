/* Two processes look whether a file is there, and make it if it is not: both may believe that they made it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int claim(const char *path) {
  if (access(path, F_OK) == 0) return 0; /* 1 */
  int fd = open(path, O_CREAT | O_WRONLY, 0600); /* 2 */
  close(fd);
  return 1;
}

int main(void) {
  char folder[] = "/tmp/toctou-XXXXXX", path[64];
  if (mkdtemp(folder) == NULL) return 2;
  snprintf(path, sizeof path, "%s/lock", folder);
  pid_t child = fork();
  int mine = claim(path);
  if (child == 0) _exit(mine);
  int status;
  waitpid(child, &status, 0);
  unlink(path);
  rmdir(folder);
  if (mine + WEXITSTATUS(status) == 1) return 0;
  fprintf(stderr, "two processes have the lock\n");
  return 1;
}
