/* A process that has given up all that the engine could reach it by, its user, its root and its descriptors, and
 * goes on to make code, to fork and to execute. */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static unsigned char *code;

/* Makes and runs a function; in a child it is no longer the parent's. */
static int made(int value) {
  unsigned char answer[] = {0xb8, (unsigned char)value, 0, 0, 0, 0xc3}; /* mov eax, n; ret */
  memcpy(code, answer, sizeof(answer));
  return ((int (*)(void))code)();
}

static void give_up(const char *what) {
  const struct rlimit none = {4, 4};
  if (strcmp(what, "descriptors") == 0) {
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    while (dup(1) >= 0) continue;
  } else if (geteuid() != 0) {
    return; /* only a superuser has anything to lose */
  } else if (strcmp(what, "root") == 0) {
    CHECK(chroot("/proc/self/fdinfo") == 0 && chdir("/") == 0);
  } else {
    CHECK(setresgid(65534, 65534, 65534) == 0 && setresuid(65534, 65534, 65534) == 0);
  }
}

static void locked_in(const char *what) {
  int status;
  CHECK(made(1) == 1);
  give_up(what);
  for (int i = 2; i < 20; i++) CHECK(made(i) == i);
  pid_t pid = fork();
  if (pid == 0) _exit(made(77));
  CHECK(pid > 0 && made(20) == 20);
  CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 77);
  close(3); /* the next program needs one for its libraries */
  if (strcmp(what, "root") != 0) execl("/bin/echo", "echo", what, NULL);
  _exit(0);
}

int main(void) {
  const char *losses[] = {"descriptors", "root", "user"};
  int status;
  code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(code != MAP_FAILED);
  for (int i = 0; i < 3; i++) {
    pid_t pid = fork();
    if (pid == 0) locked_in(losses[i]);
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("without %s: status %x\n", losses[i], status);
    fflush(stdout);
  }
  return succeed();
}
