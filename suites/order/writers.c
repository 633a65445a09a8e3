/*
 * Several tasks write to one output at once, each line or block with one call, in as many ways as there are for tasks
 * to share it. Which line comes when is up to the schedule; the replay must show the same order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES 100
#define BLOCK 60000

static void put(int fd, const char *data, size_t length) {
  while (length > 0) {
    ssize_t done = write(fd, data, length);
    if (done < 0 && errno == EINTR) continue;
    if (done < 0 && errno == EAGAIN) {
      sched_yield();
      continue;
    }
    if (done < 0) _exit(9);
    data += done;
    length -= done;
  }
}

static void lines(int fd, const char *who) {
  char line[64];
  for (int i = 0; i < LINES; i++) put(fd, line, snprintf(line, sizeof line, "%s %d\n", who, i));
}

/* Blocks that no pipe holds: a writer sleeps half-way, with a part of its block out. */
static void blocks(int fd, char letter) {
  char *block = malloc(BLOCK);
  memset(block, letter, BLOCK);
  block[BLOCK - 1] = '\n';
  for (int i = 0; i < 5; i++) put(fd, block, BLOCK);
}

static void *thread_lines(void *who) {
  lines(1, who);
  return 0;
}

static void *thread_blocks(void *letter) {
  blocks(1, *(char *)letter);
  return 0;
}

static void threads(void *(*body)(void *)) {
  pthread_t other[3];
  const char *names[] = {"a", "b", "c"};
  for (int i = 0; i < 3; i++) pthread_create(&other[i], 0, body, (void *)names[i]);
  for (int i = 0; i < 3; i++) pthread_join(other[i], 0);
}

static void in_child(void (*body)(int fd, const char *who), int fd, const char *who) {
  if (fork() == 0) {
    body(fd, who);
    _exit(0);
  }
}

static void wait_all(void) {
  while (wait(0) > 0);
}

/* Output and error go to the same place in the test: their order there counts too. */
static void *errors(void *unused) {
  (void)unused;
  lines(2, "error");
  return 0;
}

/* Vectors of pieces: one call is one piece of output. */
static void vectors(int fd, const char *who) {
  for (int i = 0; i < LINES; i++) {
    char number[16];
    struct iovec parts[] = {
      {(void *)who, strlen(who)}, {" says ", 6}, {number, snprintf(number, sizeof number, "%d\n", i)}};
    if (writev(fd, parts, 3) < 0) _exit(9);
  }
}

/* A file of its own that leads to the same place. */
static void reopened(int fd, const char *who) {
  int own = open("/proc/self/fd/1", O_WRONLY | O_APPEND);
  if (own < 0) own = fd;
  lines(own, who);
}

/* A relay: what comes over a socket and a pipe from two children goes out in between their own lines. */
static void relay(void) {
  int pair[2], pipes[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || pipe(pipes)) exit(9);
  if (fork() == 0) {
    close(pair[0]);
    for (int i = 0; i < LINES; i++) {
      char line[40];
      put(pair[1], line, snprintf(line, sizeof line, "over the socket %d\n", i));
      put(1, line, snprintf(line, sizeof line, "socket's own %d\n", i));
    }
    _exit(0);
  }
  if (fork() == 0) {
    close(pipes[0]);
    for (int i = 0; i < LINES; i++) {
      char line[40];
      put(pipes[1], line, snprintf(line, sizeof line, "through the pipe %d\n", i));
      put(1, line, snprintf(line, sizeof line, "pipe's own %d\n", i));
    }
    _exit(0);
  }
  close(pair[1]);
  close(pipes[1]);
  char buffer[4096];
  for (int open = 2; open > 0;) {
    open = 0;
    ssize_t got = read(pair[0], buffer, sizeof buffer);
    if (got > 0) put(1, buffer, got), open++;
    got = read(pipes[0], buffer, sizeof buffer);
    if (got > 0) put(1, buffer, got), open++;
  }
  wait_all();
}

/* A thread dies in the midst of a block, since another one ends the process, or is killed from another process. */
static void *endless(void *unused) {
  (void)unused;
  for (;;) blocks(1, 'x');
  return 0;
}

/* A file to be made once the writer is gone: nobody reads before. */
static const char *gone;

/* Until a pipe holds more than one block, and a writer sleeps; where somebody reads meanwhile, for a while. */
static void wait_until_full(void) {
  int held = 0;
  for (int i = 0; (gone || i < 300) && held <= BLOCK; i++) {
    usleep(1000);
    if (ioctl(1, FIONREAD, &held)) held = 0;
  }
}

static void cut_off(int by_kill) {
  pid_t child = fork();
  if (child == 0) {
    pthread_t writer;
    pthread_create(&writer, 0, endless, 0);
    if (by_kill) pause();
    wait_until_full();
    _exit(0);
  }
  if (by_kill) {
    wait_until_full();
    kill(child, SIGKILL);
  }
  wait_all();
  if (gone) close(creat(gone, 0600));
  put(1, "after\n", 6);
}

int main(int argc, char **argv) {
  const char *way = argc > 1 ? argv[1] : "";
  gone = argc > 2 ? argv[2] : 0;
  if (!strcmp(way, "processes")) {
    for (int i = 0; i < 3; i++) in_child(lines, 1, (const char *[]){"x", "y", "z"}[i]);
    lines(1, "parent");
  } else if (!strcmp(way, "threads")) {
    threads(thread_lines);
  } else if (!strcmp(way, "blocks")) {
    threads(thread_blocks);
  } else if (!strcmp(way, "errors")) {
    pthread_t other;
    pthread_create(&other, 0, errors, 0);
    lines(1, "output");
    pthread_join(other, 0);
  } else if (!strcmp(way, "vectors")) {
    in_child(vectors, 1, "child");
    vectors(1, "parent");
  } else if (!strcmp(way, "reopened")) {
    in_child(reopened, 1, "child");
    reopened(1, "parent");
  } else if (!strcmp(way, "duplicated")) {
    in_child(lines, dup2(2, 77), "child");
    lines(dup(1), "parent");
  } else if (!strcmp(way, "nonblocking")) {
    fcntl(1, F_SETFL, fcntl(1, F_GETFL) | O_NONBLOCK);
    threads(thread_blocks);
    fcntl(1, F_SETFL, fcntl(1, F_GETFL) & ~O_NONBLOCK);
  } else if (!strcmp(way, "relay")) {
    relay();
  } else if (!strcmp(way, "ended")) {
    cut_off(0);
  } else if (!strcmp(way, "killed")) {
    cut_off(1);
  } else {
    fprintf(stderr, "%s: no such way\n", way);
    return 2;
  }
  wait_all();
  return 0;
}
