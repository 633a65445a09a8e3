/* Stops that the program does not send itself, and those of processes with several threads. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <termios.h>

static volatile uint64_t *turns;

static void *work(void *counter) {
  for (;;) ++*(volatile uint64_t *)counter;
  return NULL;
}

static void *wait_in_kernel(void *unused) {
  (void)unused;
  for (;;) pause();
  return NULL;
}

/* What a parent hears of a child. */
static void hear(const char *what, pid_t pid, int options) {
  siginfo_t info;
  memset(&info, 0, sizeof(info));
  CHECK(waitid(P_PID, pid, &info, options) == 0 && info.si_pid == pid);
  printf("%s: code %d status %d\n", what, info.si_code, info.si_status);
  fflush(stdout);
}

static int counts(void) {
  const uint64_t before[] = {turns[0], turns[1]};
  usleep(30000);
  return (turns[0] != before[0]) + 2 * (turns[1] != before[1]);
}

/* All threads of a process stop, wherever they are, and go on. */
static void stop_threads(void) {
  const pid_t pid = fork();
  if (pid == 0) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, (void *)&turns[1]) == 0);
    CHECK(pthread_create(&thread, NULL, wait_in_kernel, NULL) == 0);
    work((void *)&turns[0]);
  }
  while (!turns[0] || !turns[1]) usleep(1000);
  for (int i = 0; i < 3; i++) {
    CHECK(kill(pid, SIGSTOP) == 0);
    hear("stopped", pid, WSTOPPED);
    CHECK(counts() == 0);
    CHECK(kill(pid, SIGCONT) == 0);
    hear("continued", pid, WCONTINUED);
    while (counts() != 3);
  }
  CHECK(kill(pid, SIGSTOP) == 0);
  hear("stopped", pid, WSTOPPED);
  CHECK(kill(pid, SIGKILL) == 0);
  hear("killed while stopped", pid, WEXITED);
}

/* The kernel itself ends a stopped process whose group is orphaned. */
static void orphan(int continues) {
  int ends[2], status;
  char byte = 0;
  CHECK(pipe(ends) == 0);
  const pid_t parent = fork();
  if (parent == 0) {
    setpgid(0, 0);
    const pid_t child = fork();
    if (child == 0) {
      if (continues) signal(SIGHUP, SIG_IGN);
      close(ends[0]);
      raise(SIGSTOP);
      CHECK(write(ends[1], "x", 1) == 1);
      _exit(0);
    }
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    _exit(0);
  }
  CHECK(waitpid(parent, &status, 0) == parent);
  close(ends[1]);
  printf("orphaned: read %zd\n", read(ends[0], &byte, 1));
  fflush(stdout);
  close(ends[0]);
}

/* A stop signal of the keyboard does nothing to a group that is orphaned. */
static void orphan_ignores(void) {
  const pid_t pid = fork();
  int status;
  if (pid == 0) {
    CHECK(setsid() > 0);
    volatile int i = 0;
    while (i < 1000) i++;
    raise(SIGTSTP);
    while (i < 2000) i++;
    raise(SIGTTIN);
    _exit(i / 1000);
  }
  CHECK(waitpid(pid, &status, WUNTRACED) == pid);
  printf("orphaned and not stopped: %x\n", (unsigned)status);
  fflush(stdout);
}

/* A terminal of the program's own stops what reads it in the background, and brings Ctrl-C and Ctrl-Z. */
static void terminal(void) {
  const int master = posix_openpt(O_RDWR | O_NOCTTY);
  CHECK(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
  const pid_t shell = fork();
  if (shell == 0) {
    char byte;
    CHECK(setsid() > 0);
    const int tty = open(ptsname(master), O_RDWR);
    CHECK(tty >= 0 && ioctl(tty, TIOCSCTTY, 0) == 0 && signal(SIGTTOU, SIG_IGN) != SIG_ERR);
    const pid_t job = fork();
    if (job == 0) {
      CHECK(setpgid(0, 0) == 0);
      CHECK(read(tty, &byte, 1) == 1);
      for (;;) pause();
    }
    setpgid(job, job);
    hear("reads in the background", job, WSTOPPED);
    CHECK(tcsetpgrp(tty, job) == 0 && kill(-job, SIGCONT) == 0);
    hear("continued", job, WCONTINUED);
    CHECK(write(master, "y\n", 2) == 2);
    usleep(50000);
    CHECK(write(master, "\032", 1) == 1);
    hear("Ctrl-Z", job, WSTOPPED);
    CHECK(kill(-job, SIGCONT) == 0);
    hear("continued", job, WCONTINUED);
    CHECK(write(master, "\003", 1) == 1);
    hear("Ctrl-C", job, WEXITED);
    _exit(0);
  }
  int status;
  CHECK(waitpid(shell, &status, 0) == shell && status == 0);
}

int main(void) {
  turns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(turns != MAP_FAILED);
  stop_threads();
  orphan(0);
  orphan(1);
  orphan_ignores();
  terminal();
  return succeed();
}
