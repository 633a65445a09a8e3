/* Calls that a handled signal comes into: those that begin again if the program wants it (SA_RESTART), and those that never
 * do (signal(7)). */
#include "../tickproof.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

enum { MILLISECOND = 1000, LONG = 1000000 };

static struct { int handled, word, is_given; } *shared;
static int tube[2], pair[2], event, listener, queue, semaphores;
static struct sockaddr_un name = {.sun_family = AF_UNIX};

static void note(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  __atomic_fetch_add(&shared->handled, 1, __ATOMIC_SEQ_CST);
}

/* Each returns what its call returns. */
static long do_read(void) { char byte; return read(tube[0], &byte, 1); }
static long do_receive(void) { char byte; return recv(pair[0], &byte, 1, 0); }
static long do_event(void) { uint64_t value; return read(event, &value, sizeof(value)); }
static long do_accept(void) { return accept(listener, NULL, NULL); }
static long do_futex(void) { return syscall(SYS_futex, &shared->word, FUTEX_WAIT, 0, NULL); }
static long do_poll(void) { struct pollfd poller = {.fd = tube[0], .events = POLLIN}; return poll(&poller, 1, LONG); }
static long do_epoll(void) { struct epoll_event found; return epoll_wait(epoll_create1(0), &found, 1, LONG); }
static long do_pause(void) { return pause(); }
static long do_sleep(void) { const struct timespec time = {LONG, 0}; return nanosleep(&time, NULL); }
static long do_message(void) { struct { long type; char text[8]; } message; return msgrcv(queue, &message, 8, 0, 0); }
static long do_semaphore(void) { struct sembuf down = {0, -1, 0}; return semop(semaphores, &down, 1); }
static long do_limited(void) {
  const struct timeval time = {LONG, 0};
  CHECK(setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time)) == 0);
  return do_receive();
}

static void give_read(void) { CHECK(write(tube[1], "x", 1) == 1); }
static void give_receive(void) { CHECK(send(pair[1], "x", 1, 0) == 1); }
static void give_event(void) { const uint64_t one = 1; CHECK(write(event, &one, sizeof(one)) == sizeof(one)); }
static void give_futex(void) {
  __atomic_store_n(&shared->word, 1, __ATOMIC_SEQ_CST);
  syscall(SYS_futex, &shared->word, FUTEX_WAKE, 1);
}
static void give_accept(void) {
  CHECK(connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof(sa_family_t) + 11) == 0);
}

/* What the call comes to while signals keep coming, until it is given what it waits for after the third one. */
static int outcome(long (*call)(void), void (*give)(void), int flags) {
  memset(shared, 0, sizeof(*shared));
  handle(SIGUSR1, note, flags);
  const pid_t child = fork();
  if (child == 0) {
    const long result = call();
    _exit(result >= 0 ? 0 : errno);
  }
  int status;
  while (waitpid(child, &status, WNOHANG) == 0) {
    CHECK(kill(child, SIGUSR1) == 0 && usleep(MILLISECOND) == 0);
    if (give && !shared->is_given && __atomic_load_n(&shared->handled, __ATOMIC_SEQ_CST) >= 3) {
      shared->is_given = 1;
      give();
    }
  }
  CHECK(WIFEXITED(status));
  return WEXITSTATUS(status);
}

int main(void) {
  shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(pipe(tube) == 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
  event = eventfd(0, 0), listener = socket(AF_UNIX, SOCK_STREAM, 0);
  snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "tp%08d", (int)getpid() % 100000000);
  CHECK(bind(listener, (struct sockaddr *)&name, sizeof(sa_family_t) + 11) == 0 && listen(listener, 1) == 0);
  queue = msgget(IPC_PRIVATE, 0600), semaphores = semget(IPC_PRIVATE, 1, 0600);
  const struct { long (*call)(void); void (*give)(void); } again[] = {
      {do_read, give_read}, {do_receive, give_receive}, {do_event, give_event}, {do_accept, give_accept}, {do_futex, give_futex}};
  for (size_t i = 0; i < sizeof(again) / sizeof(*again); i++) {
    CHECK(outcome(again[i].call, NULL, 0) == EINTR);
    /* The futex may find its word changed when it begins again. */
    const int restarted = outcome(again[i].call, again[i].give, SA_RESTART);
    CHECK(restarted == 0 || (restarted == EAGAIN && again[i].call == do_futex));
  }
  long (*const never[])(void) = {do_poll, do_epoll, do_pause, do_sleep, do_message, do_semaphore, do_limited};
  for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
    CHECK(outcome(never[i], NULL, 0) == EINTR && outcome(never[i], NULL, SA_RESTART) == EINTR);
  CHECK(msgctl(queue, IPC_RMID, NULL) == 0 && semctl(semaphores, 0, IPC_RMID) == 0);
  return succeed();
}
