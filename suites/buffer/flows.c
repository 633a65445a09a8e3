/* Pipes, sockets, polls and futexes, between processes and threads: what they come to may not depend on whether a call by
   them has a stop, nor may what one task sees of another. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char bytes[1 << 17], more[1 << 17];

static void pipes(int fds[4]) {
  if (pipe(fds) || pipe(fds + 2)) exit(99);
}

/* A child that gives each message back with one added, until there are no more. */
static pid_t echo(int from, int to, int other1, int other2) {
  pid_t child = fork();
  if (child) return child;
  close(other1), close(other2);
  char text[64];
  while (read(from, text, sizeof text) > 0) {
    text[0]++;
    if (write(to, text, sizeof text) != sizeof text) _exit(1);
  }
  _exit(0);
}

static void round_trips(void) {
  int there[4], status, wrong = 0;
  pipes(there);
  pid_t child = echo(there[0], there[3], there[1], there[2]);
  close(there[0]), close(there[3]);
  for (int i = 0; i < 1000; i++) {
    bytes[0] = (char)i;
    if (write(there[1], bytes, 64) != 64 || read(there[2], more, sizeof more) != 64) wrong++;
    if (more[0] != (char)(i + 1)) wrong++;
  }
  close(there[1]);
  waitpid(child, &status, 0);
  printf("round trips: %d %d\n", wrong, status);
  int pair[2];
  socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  child = echo(pair[0], pair[0], pair[1], -1);
  close(pair[0]);
  for (int i = 0; i < 500; i++) {
    bytes[0] = (char)i;
    if (send(pair[1], bytes, 64, 0) != 64 || recv(pair[1], more, 64, i % 2 ? MSG_WAITALL : 0) != 64) wrong++;
    if (more[0] != (char)(i + 1)) wrong++;
  }
  close(pair[1]);
  waitpid(child, &status, 0);
  printf("sockets: %d %d\n", wrong, status);
}

/* Many messages to one that sleeps, and to one that is awake; more than there is room for. */
static void streams(void) {
  int fds[4], status;
  pipes(fds);
  pid_t child = fork();
  if (!child) {
    close(fds[1]);
    unsigned sum = 0, got, pieces = 0;
    while ((got = read(fds[0], bytes, sizeof bytes)) > 0)
      for (unsigned i = 0; i < got; i++) sum = 31 * sum + (unsigned char)bytes[i];
    if (write(fds[3], &sum, sizeof sum) != sizeof sum) _exit(1);
    _exit(pieces);
  }
  close(fds[0]);
  unsigned sum = 0, theirs = 0, left = 0;
  for (int i = 0; i < 400; i++) {
    unsigned size = i % 7 == 3 ? 5000 : i % 100 == 99 ? 100000 : i % 64;
    for (unsigned k = 0; k < size; k++) bytes[k] = (char)(i + k), sum = 31 * sum + (unsigned char)bytes[k];
    if (write(fds[1], bytes, size) != (ssize_t)size) left++;
  }
  close(fds[1]);
  if (read(fds[2], &theirs, sizeof theirs) != sizeof theirs) left++;
  waitpid(child, &status, 0);
  printf("streams: %d %u %d\n", sum == theirs, left, status);
  for (int i = 2; i < 4; i++) close(fds[i]);
}

/* What does not wait says so, and how much has fitted. */
static void unwilling(void) {
  int fds[2], errors = 0;
  pipe2(fds, O_NONBLOCK);
  ssize_t empty = 0, full = 0, sum = 0, n;
  for (int i = 0; i < 20; i++) empty += read(fds[0], bytes, 64) < 0 && errno == EAGAIN;
  while ((n = write(fds[1], bytes, 6000)) > 0) sum += n;
  full = errno;
  while ((n = read(fds[0], bytes, 4096)) > 0) sum -= n;
  struct iovec parts[3] = {{bytes, 10}, {bytes + 50, 0}, {bytes + 100, 20}};
  for (int i = 0; i < 10; i++) sum += writev(fds[1], parts, 3);
  sum += read(fds[0], more, 1000);
  errors += write(fds[1], (void *)8, 64) == -1 && errno == EFAULT;
  errors += read(fds[0], (void *)8, 64) == -1 && errno == EAGAIN;
  errors += write(fds[1], bytes, 0) == 0;
  errors += write(fds[0], bytes, 1) == -1 && errno == EBADF;
  write(fds[1], "x", 1);
  errors += read(fds[0], (void *)8, 64) == -1 && errno == EFAULT;
  errors += read(fds[0], bytes, 64) == 1;
  /* The same open file by another number and another process is made to wait, and not. */
  int copy = dup(fds[0]);
  for (int i = 0; i < 5; i++) {
    fcntl(copy, F_SETFL, 0);
    pid_t child = fork();
    if (!child) {
      fcntl(copy, F_SETFL, O_NONBLOCK);
      _exit(0);
    }
    waitpid(child, 0, 0);
    empty += read(fds[0], bytes, 64) < 0 && errno == EAGAIN;
  }
  printf("unwilling: %zd %zd %zd %d\n", empty, full, sum, errors);
  close(fds[0]), close(fds[1]), close(copy);
}

static volatile int signals, at;
static volatile int places[64];
static void caught(int signal) {
  if (signals < 64) places[signals] = at;
  signals++;
}

/* A signal for what nobody can read comes right behind the write, or not at all. */
static void broken(void) {
  int fds[2], pair[2], wrong = 0;
  signal(SIGPIPE, caught);
  pipe(fds), socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
  write(fds[1], bytes, 10), read(fds[0], bytes, 10), write(pair[1], bytes, 10), read(pair[0], bytes, 10);
  write(fds[1], bytes, 10), write(pair[1], bytes, 10), read(pair[0], bytes, 10);
  close(fds[0]), close(pair[0]);
  for (int i = 0; i < 10; i++) {
    at = i;
    if (write(i % 2 ? fds[1] : pair[1], bytes, 10) != -1 || errno != EPIPE) wrong++;
    if (signals != i + 1 || places[i] != i) wrong++;
  }
  for (int i = 0; i < 10; i++) wrong += send(pair[1], bytes, 10, MSG_NOSIGNAL) != -1 || errno != EPIPE;
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < 10; i++) wrong += write(fds[1], bytes, 10) != -1 || errno != EPIPE;
  sigset_t set, old;
  sigemptyset(&set), sigaddset(&set, SIGPIPE);
  sigprocmask(SIG_BLOCK, &set, &old);
  signal(SIGPIPE, caught);
  write(fds[1], bytes, 10), write(fds[1], bytes, 10);
  sigpending(&set);
  wrong += !sigismember(&set, SIGPIPE);
  at = 77;
  sigprocmask(SIG_SETMASK, &old, 0);
  printf("broken: %d %d %d\n", signals, places[10], wrong);
  signal(SIGPIPE, SIG_DFL);
  pid_t child = fork();
  if (!child) {
    for (;;) write(fds[1], bytes, 10), bytes[0]++;
  }
  int status;
  waitpid(child, &status, 0);
  printf("killed: %d\n", WTERMSIG(status));
  /* Its owner hears of what is written, at once. */
  pipe(fds);
  signals = 0;
  signal(SIGIO, caught);
  write(fds[1], bytes, 1), read(fds[0], bytes, 1), write(fds[1], bytes, 1), read(fds[0], bytes, 1);
  fcntl(fds[0], F_SETOWN, getpid());
  fcntl(fds[0], F_SETFL, O_ASYNC);
  int early = 0;
  for (int i = 0; i < 5; i++) {
    at = 100 + i;
    write(fds[1], bytes, 1);
    early += signals == i + 1 && places[i] == 100 + i;
  }
  printf("heard: %d\n", early);
  close(fds[0]), close(fds[1]), close(pair[1]);
}

/* What is ready is told at once, what is not is waited for. */
static void polls(void) {
  int fds[4], ready = 0, none = 0, wrong = 0, set = epoll_create1(0);
  pipes(fds);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789abcdefull}, told[16];
  epoll_ctl(set, EPOLL_CTL_ADD, fds[0], &event);
  event.events = EPOLLIN | EPOLLET, event.data.u64 = 7;
  epoll_ctl(set, EPOLL_CTL_ADD, fds[2], &event);
  for (int i = 0; i < 200; i++) {
    struct pollfd both[2] = {{fds[0], POLLIN, 5}, {fds[2], POLLIN, 5}};
    none += poll(both, 2, i % 50 ? 0 : 1) == 0 && both[0].revents == 0 && both[1].revents == 0;
    none += epoll_wait(set, told, 16, i % 50 ? 0 : 1) == 0;
    write(fds[1], "x", 1), write(fds[3], "y", 1);
    ready += poll(both, 2, -1), wrong += both[0].revents != POLLIN || both[1].revents != POLLIN;
    ready += epoll_wait(set, told, 16, -1) + epoll_pwait(set, told, 16, -1, 0);
    wrong += told[0].events != EPOLLIN || told[0].data.u64 != 0x123456789abcdefull;
    read(fds[0], bytes, 1), read(fds[2], bytes, 1);
  }
  wrong += !(poll((void *)8, 1, 0) == -1 && errno == EFAULT) + !(epoll_wait(set, told, 0, 0) == -1 && errno == EINVAL);
  printf("polls: %d %d %d\n", none, ready, wrong);
  /* One that sleeps in a poll is woken by another process. */
  pid_t child = fork();
  if (!child) {
    for (int i = 0; i < 100; i++) {
      struct pollfd one = {fds[0], POLLIN};
      if (poll(&one, 1, -1) != 1 || read(fds[0], bytes, 1) != 1 || write(fds[3], bytes, 1) != 1) _exit(1);
    }
    _exit(0);
  }
  for (int i = 0; i < 100; i++) {
    bytes[0] = (char)i;
    write(fds[1], bytes, 1);
    wrong += epoll_wait(set, told, 16, -1) < 1 || read(fds[2], more, 1) != 1 || more[0] != (char)i;
  }
  int status;
  waitpid(child, &status, 0);
  printf("woken: %d %d\n", wrong, status);
  for (int i = 0; i < 4; i++) close(fds[i]);
  close(set);
}

enum { LOOKS = 8 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static int turn, order[800], filled, ends[2];
static volatile char *seen;

static void *takes_turns(void *which) {
  for (int i = 0; i < 200; i++) {
    pthread_mutex_lock(&mutex);
    while (turn != (int)(intptr_t)which) pthread_cond_wait(&condition, &mutex);
    order[filled++] = turn;
    turn = (turn + 1) % 4;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    sched_yield();
  }
  return 0;
}

/* What comes is stored where others look at it. */
static void *reads(void *place) {
  for (int i = 0; i < LOOKS; i++) {
    char got[4];
    if (read(ends[0], got, 1) != 1) exit(98);
    seen[0] = got[0];
    if (read(ends[0], place, 1) != 1) exit(98);
  }
  return 0;
}

static void threads(void) {
  pthread_t four[4], reader;
  for (int i = 0; i < 4; i++) pthread_create(four + i, 0, takes_turns, (void *)(intptr_t)i);
  for (int i = 0; i < 4; i++) pthread_join(four[i], 0);
  int wrong = 0;
  for (int i = 0; i < filled; i++) wrong += order[i] != i % 4;
  /* A thread sleeps in a read into memory that this one waits for without a call; so does a process. */
  seen = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  unsigned turns = 0;
  for (int kind = 0; kind < 2; kind++) {
    pid_t child = -1;
    pipe(ends);
    seen[0] = seen[1] = 0;
    if (kind == 0) pthread_create(&reader, 0, reads, (void *)(seen + 1));
    else if (!(child = fork())) reads((void *)(seen + 1)), _exit(0);
    for (int i = 0; i < LOOKS; i++) {
      char text[2] = {(char)(i + 1), (char)(i + 1)};
      write(ends[1], text, 1);
      while (seen[0] != text[0]) turns++;
      write(ends[1], text + 1, 1);
      while (seen[1] != text[1]) turns++;
    }
    if (kind == 0) pthread_join(reader, 0);
    else waitpid(child, 0, 0);
    close(ends[0]), close(ends[1]);
  }
  int word = 0;
  wrong += syscall(SYS_futex, &word, FUTEX_WAKE, 1, 0, 0, 0) != 0;
  wrong += syscall(SYS_futex, (void *)9, FUTEX_WAKE, 1, 0, 0, 0) != -1 || errno != EINVAL;
  wrong += syscall(SYS_futex, (void *)8, FUTEX_WAKE, 1, 0, 0, 0) != -1 || errno != EFAULT;
  wrong += syscall(SYS_futex, &word, FUTEX_WAIT, 1, 0, 0, 0) != -1 || errno != EAGAIN;
  printf("threads: %d %d\n", filled, wrong);
  fprintf(stderr, "%u", turns);
}

/* A server and its client over the loopback, of which one may wait. */
static void network(void) {
  int listener = socket(AF_INET, SOCK_STREAM, 0), wrong = 0;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  if (bind(listener, (void *)&address, length) || listen(listener, 5) || getsockname(listener, (void *)&address, &length)) {
    printf("network: 0\n");
    return;
  }
  pid_t child = fork();
  if (!child) {
    int server = accept4(listener, 0, 0, SOCK_NONBLOCK);
    struct pollfd one = {server, POLLIN};
    for (;;) {
      ssize_t got = read(server, bytes, sizeof bytes);
      if (got == 0) _exit(0);
      if (got < 0) {
        if (errno != EAGAIN) _exit(1);
        poll(&one, 1, -1);
        continue;
      }
      struct iovec parts[2] = {{bytes, got / 2}, {bytes + got / 2, got - got / 2}};
      struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
      if (sendmsg(server, &message, 0) != got) _exit(2);
    }
  }
  int client = socket(AF_INET, SOCK_STREAM, 0);
  wrong += connect(client, (void *)&address, length) != 0;
  for (int i = 0; i < 200; i++) {
    memset(bytes, i, 128);
    if (write(client, bytes, 128) != 128) wrong++;
    for (int got = 0; got < 128;) {
      ssize_t n = recv(client, more + got, 128 - got, 0);
      if (n <= 0) break;
      got += n;
    }
    wrong += memcmp(bytes, more, 128) != 0;
  }
  close(client), close(listener);
  int status;
  waitpid(child, &status, 0);
  printf("network: %d\n", wrong + status);
}

/* What is said by two who wake each other comes in the order in which they say it. */
static void output(void) {
  int fds[4];
  pipes(fds);
  fflush(stdout);
  pid_t child = fork();
  if (!child) {
    for (int i = 0; i < 40; i++) read(fds[0], bytes, 1), write(1, "b", 1), write(fds[3], bytes, 1);
    _exit(0);
  }
  for (int i = 0; i < 40; i++) write(fds[1], bytes, 1), write(1, "a", 1), read(fds[2], bytes, 1), write(1, "c", 1);
  waitpid(child, 0, 0);
  write(1, "\n", 1);
  for (int i = 0; i < 4; i++) close(fds[i]);
}

int main(int count, char **arguments) {
  if (count > 1 && arguments[1][0] == 'o') {
    output();
    return 0;
  }
  round_trips();
  streams();
  unwilling();
  broken();
  polls();
  threads();
  network();
  fflush(stdout);
  return 3;
}
