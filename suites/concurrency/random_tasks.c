/*
 * Processes and threads that do random things with each other, drawn by a seed: pipes, sockets, futexes, shared memory
 * and files, timers, signals, births and deaths. All that they see goes out at once, in the order in which they see it.
 * Nothing waits without a bound. What is racy here is meant to be: a replay has to show the very same outcome.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 16
#define CELLS 64

/* Shared by all processes. */
struct board {
  pthread_mutex_t mutex;
  pthread_cond_t changed;
  pid_t tasks[MOST];
  volatile uint32_t racy[CELLS];
  uint32_t atomic[CELLS];
  uint32_t guarded;
};

struct task {
  uint32_t random;
  int number;
  int steps;
  int depth;
};

static struct board *board;
static int pipes[2], pair[2], event, file;
static volatile char *mapped;
static __thread int self;
static __thread volatile sig_atomic_t handled;

static uint32_t draw(struct task *task, uint32_t limit) {
  uint32_t x = task->random;
  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  task->random = x;
  return x % limit;
}

static void say(int fd, const char *format, ...) {
  char line[128];
  va_list list;
  va_start(list, format);
  int length = vsnprintf(line, sizeof line, format, list);
  va_end(list);
  for (int done = 0; done < length;) {
    ssize_t more = write(fd, line + done, length - done);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) _exit(9);
    done += more;
  }
}

static void on_signal(int signal) {
  int saved = errno;
  handled++;
  say(1, "task %d: signal %d\n", self, signal);
  errno = saved;
}

static void *run(void *argument);

static void in_memory(struct task *task) {
  int cell = draw(task, CELLS);
  switch (draw(task, 6)) {
    case 0: {
      uint32_t seen = board->racy[cell];
      for (volatile int i = draw(task, 300); i > 0; i--);
      board->racy[cell] = seen + 1;
      say(1, "task %d: racy %d was %u\n", task->number, cell, seen);
      break;
    }
    case 1:
      say(1, "task %d: atomic %d was %u\n", task->number, cell,
          __atomic_fetch_add(&board->atomic[cell], task->number + 1, __ATOMIC_SEQ_CST));
      break;
    case 2:
      mapped[cell * 64]++;
      say(2, "task %d: mapped %d is %d\n", task->number, cell, mapped[cell * 64]);
      break;
    case 3: {
      char byte = draw(task, 256);
      if (pwrite(file, &byte, 1, cell * 64) < 0) _exit(9);
      say(1, "task %d: file %d shows %d\n", task->number, cell, mapped[cell * 64]);
      break;
    }
    case 4: {
      /* Waits for another task to change something, for a while. */
      uint32_t before = board->racy[cell];
      int turns = draw(task, 20000);
      while (turns > 0 && board->racy[cell] == before) turns--;
      say(1, "task %d: spun, %d left\n", task->number, turns);
      break;
    }
    case 5: {
      char bytes[64];
      struct iovec vector = {bytes, sizeof bytes};
      if (preadv(file, &vector, 1, cell) < 0) _exit(9);
      say(1, "task %d: read %d\n", task->number, bytes[task->number]);
    }
  }
}

static void with_locks(struct task *task) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_nsec += 2000000;
  if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, until.tv_sec++;
  if (pthread_mutex_timedlock(&board->mutex, &until)) {
    say(1, "task %d: no lock\n", task->number);
    return;
  }
  uint32_t seen = board->guarded++;
  switch (draw(task, 3)) {
    case 0:
      pthread_cond_broadcast(&board->changed);
      break;
    case 1: {
      int error = pthread_cond_timedwait(&board->changed, &board->mutex, &until);
      say(1, "task %d: waited, %s\n", task->number, error == ETIMEDOUT ? "for nothing" : "and was told");
      break;
    }
    default:
      sched_yield();
  }
  pthread_mutex_unlock(&board->mutex);
  say(draw(task, 2) + 1, "task %d: guarded was %u\n", task->number, seen);
}

static int ready(int fd, int events, int milliseconds) {
  struct pollfd poll_fd = {fd, events, 0};
  return poll(&poll_fd, 1, milliseconds) > 0 ? poll_fd.revents & events : 0;
}

static void with_messages(struct task *task) {
  char text[64];
  int length;
  switch (draw(task, 8)) {
    case 0:
    case 1:
      length = snprintf(text, sizeof text, "from %d", task->number);
      if (ready(pipes[1], POLLOUT, 0)) length = write(pipes[1], text, length);
      break;
    case 2:
    case 3:
      length = ready(pipes[0], POLLIN, draw(task, 3)) ? read(pipes[0], text, sizeof text) : -1;
      say(1, "task %d: pipe: %d %.*s\n", task->number, length, length < 0 ? 0 : length, text);
      break;
    case 4:
      length = snprintf(text, sizeof text, "message of %d", task->number);
      length = send(pair[draw(task, 2)], text, length, MSG_DONTWAIT);
      say(1, "task %d: sent %d\n", task->number, length);
      break;
    case 5: {
      struct iovec vector = {text, sizeof text};
      struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
      length = recvmsg(pair[draw(task, 2)], &message, MSG_DONTWAIT);
      say(1, "task %d: received %d %.*s\n", task->number, length, length < 0 ? 0 : length, text);
      break;
    }
    case 6: {
      uint64_t count = task->number + 1;
      length = write(event, &count, sizeof count);
      break;
    }
    case 7: {
      uint64_t count = 0;
      int epoll = epoll_create1(0);
      struct epoll_event interest = {.events = EPOLLIN, .data.fd = event}, found;
      epoll_ctl(epoll, EPOLL_CTL_ADD, event, &interest);
      int got = epoll_wait(epoll, &found, 1, draw(task, 3));
      /* Another task may have been faster. */
      length = got > 0 ? read(event, &count, sizeof count) : -1;
      say(1, "task %d: event %d %d %llu\n", task->number, got, length, (unsigned long long)count);
      close(epoll);
    }
  }
}

static void with_time(struct task *task) {
  struct timespec nap = {0, draw(task, 400000)};
  switch (draw(task, 4)) {
    case 0: {
      int error = nanosleep(&nap, 0);
      say(1, "task %d: slept, %s\n", task->number, error ? "broken off" : "to the end");
      break;
    }
    case 1: {
      struct itimerval timer = {{0, 0}, {0, 1 + draw(task, 800)}};
      setitimer(draw(task, 2) ? ITIMER_REAL : ITIMER_PROF, &timer, 0);
      break;
    }
    case 2: {
      int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
      struct itimerspec value = {{0, 0}, {0, 1 + draw(task, 300000)}};
      uint64_t count = 0;
      timerfd_settime(timer, 0, &value, 0);
      for (volatile int i = draw(task, 30000); i > 0; i--);
      ssize_t got = read(timer, &count, sizeof count);
      say(1, "task %d: timer %zd\n", task->number, got);
      close(timer);
      break;
    }
    default:
      for (volatile int i = draw(task, 50000); i > 0; i--);
  }
}

static void with_signals(struct task *task) {
  int other = draw(task, MOST);
  pid_t tid = __atomic_load_n(&board->tasks[other], __ATOMIC_SEQ_CST);
  int signal = draw(task, 2) ? SIGUSR1 : SIGRTMIN + 1;
  if (tid <= 0) return;
  int error = syscall(SYS_tkill, tid, signal);
  say(1, "task %d: signal for %d, %s\n", task->number, other, error ? strerror(errno) : "sent");
}

static void with_locked_file(struct task *task) {
  char byte = 0;
  if (flock(file, LOCK_EX | (draw(task, 2) ? LOCK_NB : 0))) {
    say(1, "task %d: the file is locked\n", task->number);
    return;
  }
  if (pread(file, &byte, 1, 4000) < 0) _exit(9);
  byte++;
  if (pwrite(file, &byte, 1, 4000) < 0) _exit(9);
  flock(file, LOCK_UN);
  say(1, "task %d: counted to %d\n", task->number, byte);
}

static void give_birth(struct task *task) {
  if (task->depth >= 2) return;
  struct task child = {task->random ^ 0x9e3779b9, task->number + 8, task->steps / 3, task->depth + 1};
  if (draw(task, 2)) {
    pthread_t thread;
    if (pthread_create(&thread, 0, run, &child)) _exit(9);
    pthread_join(thread, 0);
    say(1, "task %d: joined\n", task->number);
    return;
  }
  int victim = draw(task, 4) == 0;
  pid_t pid = draw(task, 3) ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD | CLONE_FILES, 0, 0, 0, 0);
  if (pid == 0) {
    /* One that is killed must not hold a lock, or be among those that a condition variable counts. */
    while (victim) in_memory(&child);
    run(&child);
    _exit(child.number);
  }
  int status = 0;
  if (victim) {
    sched_yield();
    kill(pid, SIGKILL);
  }
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR);
  say(1, "task %d: child ended 0x%x\n", task->number, status);
}

static void *run(void *argument) {
  struct task *task = argument;
  int slot = task->number % MOST;
  self = task->number;
  __atomic_store_n(&board->tasks[slot], (pid_t)syscall(SYS_gettid), __ATOMIC_SEQ_CST);
  for (int step = 0; step < task->steps; step++) {
    switch (draw(task, 12)) {
      case 0:
      case 1:
      case 2:
        in_memory(task);
        break;
      case 3:
      case 4:
        with_locks(task);
        break;
      case 5:
      case 6:
      case 7:
        with_messages(task);
        break;
      case 8:
        with_time(task);
        break;
      case 9:
        with_signals(task);
        break;
      case 10:
        with_locked_file(task);
        break;
      case 11:
        if (draw(task, 4) == 0) give_birth(task);
    }
  }
  __atomic_store_n(&board->tasks[slot], 0, __ATOMIC_SEQ_CST);
  say(1, "task %d: ends after %d signals\n", task->number, (int)handled);
  return 0;
}

static void prepare(void) {
  board = mmap(0, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  char name[] = "/tmp/random_tasksXXXXXX";
  file = mkstemp(name);
  if (board == MAP_FAILED || file < 0 || ftruncate(file, 4096)) exit(9);
  unlink(name);
  mapped = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  pthread_mutexattr_t shared;
  pthread_mutexattr_init(&shared);
  pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
  pthread_mutex_init(&board->mutex, &shared);
  pthread_condattr_t both;
  pthread_condattr_init(&both);
  pthread_condattr_setpshared(&both, PTHREAD_PROCESS_SHARED);
  pthread_cond_init(&board->changed, &both);
  if (pipe(pipes) || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair)) exit(9);
  fcntl(pipes[0], F_SETFL, O_NONBLOCK);
  fcntl(pipes[1], F_SETFL, O_NONBLOCK);
  event = eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE);
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
  for (int i = 0; i < 4; i++) sigaction((const int[]){SIGUSR1, SIGALRM, SIGPROF, SIGRTMIN + 1}[i], &action, 0);
}

int main(int argc, char **argv) {
  uint32_t seed = argc > 1 ? strtoul(argv[1], 0, 10) : 1;
  struct task first = {seed * 2654435761u + 1, 0, argc > 2 ? atoi(argv[2]) : 60, 0};
  prepare();
  int threads = draw(&first, 4), processes = draw(&first, 3);
  struct task tasks[8];
  pthread_t thread[8];
  for (int i = 1; i <= processes + threads; i++)
    tasks[i] = (struct task){first.random + i * 7919, i, first.steps, 0};
  for (int i = 1; i <= processes; i++) {
    if (fork() == 0) {
      run(&tasks[i]);
      _exit(i);
    }
  }
  for (int i = processes + 1; i <= processes + threads; i++) pthread_create(&thread[i], 0, run, &tasks[i]);
  run(&first);
  for (int i = processes + 1; i <= processes + threads; i++) pthread_join(thread[i], 0);
  int status;
  pid_t pid;
  while ((pid = wait(&status)) > 0 || errno == EINTR)
    if (pid > 0) say(1, "one ended 0x%x\n", status);
  return 0;
}
