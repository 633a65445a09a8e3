/*
 * Calls that a supervisor is asked about (seccomp's user notification): it gives results and errors, lets calls go on, hands
 * descriptors over, looks away, and goes.
 */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static long seccomp(unsigned operation, unsigned flags, const void *arguments) {
  return syscall(SYS_seccomp, operation, flags, arguments);
}

/* A filter that asks about one call. */
static long asks_about(unsigned flags, int number) {
  struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  struct sock_fprog program = {.len = 4, .filter = filter};
  return seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}

/* What a child says comes out at its end, and before what its parent has said meanwhile. */
static void say(const char *what, long result) {
  printf("%s: %ld %d\n", what, result, result < 0 ? errno : 0);
}

static int send_descriptor(int socket, int fd) {
  char room[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
  struct cmsghdr *control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(control), &fd, sizeof(fd));
  return sendmsg(socket, &message, 0);
}

static int receive_descriptor(int socket) {
  char room[CMSG_SPACE(sizeof(int))], byte;
  struct iovec vector = {&byte, 1};
  struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof(room)};
  CHECK(recvmsg(socket, &message, 0) == 1);
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
  return fd;
}

/* A child that runs under a filter which asks its parent about one call. */
static pid_t supervised(int number, unsigned flags, void (*act)(void), int *listener) {
  int ends[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  fflush(stdout);
  const pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    const long fd = asks_about(SECCOMP_FILTER_FLAG_NEW_LISTENER | flags, number);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(send_descriptor(ends[1], fd) == 1 && close(fd) == 0);
    close(ends[0]);
    close(ends[1]);
    act();
    fflush(stdout);
    _exit(7);
  }
  *listener = receive_descriptor(ends[0]);
  close(ends[0]);
  close(ends[1]);
  return child;
}

static struct seccomp_notif receive(int listener) {
  struct seccomp_notif told;
  memset(&told, 0, sizeof(told));
  CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &told) == 0);
  CHECK(told.data.arch == 0xc000003e);
  return told;
}

static long answer(int listener, uint64_t id, int64_t value, int error, unsigned flags) {
  struct seccomp_notif_resp resp = {.id = id, .val = value, .error = error, .flags = flags};
  return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp);
}

static void ended(const char *what, pid_t child, int listener) {
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  printf("%s: %s %d\n", what, WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
  struct pollfd events = {.fd = listener, .events = POLLIN | POLLOUT};
  say("poll", poll(&events, 1, -1));
  printf("events %x\n", events.revents);
  close(listener);
}

/* Only from here the child asks, so that its parent knows where. */
static __attribute__((noinline, noclone)) long ask(long number, long a, long b, long c) {
  long result;
  __asm__ volatile("syscall\n.globl behind_question\nbehind_question:" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  if (result < 0 && result > -4096) errno = -result;
  return result < 0 ? -1 : result;
}
extern const char behind_question[];

static void asks_four_times(void) {
  for (int i = 0; i < 4; i++) say("result", ask(SYS_mkdir, i, 0755, 77));
}

static void results(void) {
  int listener;
  const pid_t child = supervised(SYS_mkdir, 0, asks_four_times, &listener);
  for (int i = 0; i < 3; i++) {
    struct seccomp_notif told = receive(listener);
    CHECK(told.pid == (unsigned)child && told.data.nr == SYS_mkdir);
    printf("asked about %d: %lld %llo %lld, at its place %d\n", told.data.nr, told.data.args[0], told.data.args[1], told.data.args[2], told.data.instruction_pointer == (uint64_t)behind_question);
    say("valid", ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &told.id));
    if (i == 0) say("with a flag that there is not", answer(listener, told.id, 0, 0, 64));
    if (i == 0) say("on with a result", answer(listener, told.id, 1, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
    say("answer", answer(listener, told.id, i == 0 ? 4711 : 0, i == 1 ? -EXDEV : 0, 0));
    say("once more", answer(listener, told.id, 0, 0, 0) < 0);
  }
  struct seccomp_notif bad;
  memset(&bad, 1, sizeof(bad));
  say("no zeros", ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &bad));
  struct seccomp_notif told = receive(listener);
  say("no such question", answer(listener, told.id + 1, 0, 0, 0));
  say("answer", answer(listener, told.id, -5, 0, 0));
  ended("results", child, listener);
}

static const char FILE_NAME[] = "asked-calls-file";

static void opens_and_maps(void) {
  const int fd = open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0600);
  CHECK(fd >= 0 && write(fd, "on", 3) == 3);
  char *memory = (char *)ask(SYS_mmap, 0, 4096, PROT_READ);
  CHECK(memory == (char *)-1);
  /* The fourth argument and those behind it are set by libc here. */
  memory = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
  CHECK(memory != MAP_FAILED);
  printf("mapped: %s\n", memory);
  unlink(FILE_NAME);
}

static void goes_on(void) {
  int listener;
  const pid_t child = supervised(SYS_mmap, 0, opens_and_maps, &listener);
  for (int i = 0; i < 2; i++) {
    struct seccomp_notif told = receive(listener);
    say("let go on", i == 0 ? answer(listener, told.id, 0, -ENOMEM, 0) : answer(listener, told.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE));
  }
  /* Whatever libc maps from here on. */
  for (;;) {
    struct pollfd events = {.fd = listener, .events = POLLIN};
    CHECK(poll(&events, 1, -1) == 1);
    if ((events.revents & POLLIN) == 0) break;
    CHECK(answer(listener, receive(listener).id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE) == 0);
  }
  ended("goes on", child, listener);
}

static void uses_given(void) {
  const long fd = ask(SYS_openat, 0, 0, 0);
  say("given", fd);
  char text[8] = "";
  say("read", read(fd, text, sizeof(text)));
  printf("%s\n", text);
  say("its flags", fcntl(fd, F_GETFD));
  say("at its place", ask(SYS_openat, 0, 0, 0));
  say("read", read(9, text, sizeof(text)));
}

static void gives_descriptors(void) {
  int listener, ends[2];
  CHECK(pipe(ends) == 0 && write(ends[1], "through", 8) == 8);
  const pid_t child = supervised(SYS_openat, 0, uses_given, &listener);
  struct seccomp_notif told = receive(listener);
  struct seccomp_notif_addfd add = {.id = told.id, .srcfd = ends[0], .newfd_flags = O_CLOEXEC};
  const int given = ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
  say("a descriptor", given >= 0);
  say("answer", answer(listener, told.id, given, 0, 0));
  told = receive(listener);
  add = (struct seccomp_notif_addfd){.id = told.id, .srcfd = -1, .newfd = 9, .flags = SECCOMP_ADDFD_FLAG_SETFD};
  say("no descriptor", ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
  add.srcfd = open("/dev/null", O_RDONLY);
  add.flags |= SECCOMP_ADDFD_FLAG_SEND;
  say("with the answer", ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add));
  ended("descriptors", child, listener);
}

static void on_signal(int signal, siginfo_t *info, void *context) {
  (void)info, (void)context;
  say("signal", signal);
}

static void is_interrupted(void) {
  handle(SIGUSR1, on_signal, 0);
  handle(SIGUSR2, on_signal, SA_RESTART);
  say("broken off", ask(SYS_mkdir, 0, 0, 0));
  say("started again", ask(SYS_mkdir, 1, 0, 0));
}

static void interrupts(void) {
  int listener;
  const pid_t child = supervised(SYS_mkdir, 0, is_interrupted, &listener);
  struct seccomp_notif told = receive(listener);
  kill(child, SIGUSR1);
  struct seccomp_notif next = receive(listener);
  say("the first", ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &told.id));
  say("too late", answer(listener, told.id, 1, 0, 0));
  kill(child, SIGUSR2);
  told = receive(listener);
  printf("asked once more: %d\n", told.id != next.id);
  say("answer", answer(listener, told.id, 2, 0, 0));
  ended("interrupts", child, listener);
}

static void waits_for_ever(void) {
  ask(SYS_mkdir, 0, 0, 0);
}

static void is_killed(void) {
  int listener;
  const pid_t child = supervised(SYS_mkdir, 0, waits_for_ever, &listener);
  struct seccomp_notif told = receive(listener);
  kill(child, SIGKILL);
  int status;
  CHECK(waitpid(child, &status, 0) == child && WTERMSIG(status) == SIGKILL);
  say("valid", ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &told.id));
  close(listener);
}

static void looks_away(void) {
  int listener;
  const pid_t child = supervised(SYS_mkdir, 0, asks_four_times, &listener);
  receive(listener);
  close(listener);
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  say("goes", WEXITSTATUS(status));
}

static void *asks_as_thread(void *unused) {
  say("thread", ask(SYS_mkdir, 5, 6, 7));
  return unused;
}

/* A process that supervises itself, by a thread which has been there before. */
static void by_threads(void) {
  pthread_t thread;
  const long listener = asks_about(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_mkdir);
  say("another one", asks_about(SECCOMP_FILTER_FLAG_NEW_LISTENER, SYS_rmdir));
  CHECK(pthread_create(&thread, NULL, asks_as_thread, NULL) == 0);
  struct seccomp_notif told = receive(listener);
  CHECK(told.pid != (unsigned)getpid());
  CHECK(answer(listener, told.id, 0, -EDOM, 0) == 0);
  pthread_join(thread, NULL);
}

int main(void) {
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
  results();
  goes_on();
  gives_descriptors();
  interrupts();
  is_killed();
  looks_away();
  by_threads();
  return succeed();
}
