/* A terminal of one's own: echo and raw, its size, a hang-up, and Ctrl-C for whom it is in front. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

static volatile sig_atomic_t resized, interrupted;
static void on_resize(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  resized = 1;
}
static void on_interrupt(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  interrupted = 1;
}

static void run(const char *name, int go) {
  CHECK(setsid() == getpid());
  const int fd = open(name, O_RDWR);
  CHECK(fd >= 0 && tcgetpgrp(fd) == getpid());
  handle(SIGWINCH, on_resize, 0);
  handle(SIGINT, on_interrupt, 0);
  sigset_t both, old;
  sigemptyset(&both);
  sigaddset(&both, SIGWINCH);
  sigaddset(&both, SIGINT);
  CHECK(sigprocmask(SIG_BLOCK, &both, &old) == 0);
  CHECK(write(go, "r", 1) == 1);
  while (!resized || !interrupted) sigsuspend(&old);
  struct winsize size;
  CHECK(ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row == 40 && size.ws_col == 100);
  char line[32];
  CHECK(read(fd, line, sizeof(line)) == 6 && memcmp(line, "hello\n", 6) == 0);
  CHECK(write(fd, "a\nb", 3) == 3);
  CHECK(write(go, "r", 1) == 1);
  /* Nobody would continue it: the kernel spares an orphaned group what a terminal sends. */
  raise(SIGTSTP);
  raise(SIGSTOP);
  _exit(7);
}

static void expect(int master, const char *text) {
  char found[64];
  size_t length = 0;
  while (length < strlen(text)) {
    const ssize_t more = read(master, found + length, strlen(text) - length);
    CHECK(more > 0);
    length += (size_t)more;
  }
  CHECK(memcmp(found, text, length) == 0);
}

int main(void) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  char name[64], letter;
  CHECK(ptsname_r(master, name, sizeof(name)) == 0);
  int go[2];
  CHECK(pipe(go) == 0);
  const pid_t child = fork();
  if (child == 0) run(name, go[1]);
  CHECK(read(go[0], &letter, 1) == 1);
  const struct winsize size = {.ws_row = 40, .ws_col = 100};
  CHECK(ioctl(master, TIOCSWINSZ, &size) == 0);
  CHECK(write(master, "\003", 1) == 1);
  expect(master, "^C");
  CHECK(write(master, "helXX\177\177lo\r", 10) == 10);
  expect(master, "helXX\b \b\b \blo\r\n");
  expect(master, "a\r\nb");
  CHECK(read(go[0], &letter, 1) == 1);
  int status;
  CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
  CHECK(kill(child, SIGCONT) == 0);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
  CHECK(read(master, name, 1) < 0 && errno == EIO);

  const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
  struct termios raw;
  CHECK(tcgetattr(slave, &raw) == 0);
  cfmakeraw(&raw);
  raw.c_cc[VMIN] = 3;
  raw.c_cc[VTIME] = 0;
  CHECK(tcsetattr(slave, TCSANOW, &raw) == 0);
  CHECK(write(master, "\003\r\n", 3) == 3 && read(slave, name, 8) == 3 && memcmp(name, "\003\r\n", 3) == 0);
  CHECK(write(slave, "x\n", 2) == 2 && tcdrain(slave) == 0);
  expect(master, "x\n");
  return succeed();
}
