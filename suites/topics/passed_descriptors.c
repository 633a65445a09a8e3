/* Descriptors and credentials that go through a socket: to another process, which writes to the file that it
 * was given. */
#include "../tickproof.h"

#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

union control {
  struct cmsghdr head;
  char room[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
};

static void give(int socket, const int *fds) {
  char letter = 'x';
  struct iovec vector = {&letter, 1};
  union control control;
  memset(&control, 0, sizeof(control));
  struct msghdr message = {.msg_iov = &vector,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = CMSG_SPACE(2 * sizeof(int))};
  struct cmsghdr *part = CMSG_FIRSTHDR(&message);
  *part = (struct cmsghdr){
      .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(2 * sizeof(int))};
  memcpy(CMSG_DATA(part), fds, 2 * sizeof(int));
  CHECK(sendmsg(socket, &message, 0) == 1);
}

static void take(int socket, int *fds, struct ucred *from) {
  char letter;
  struct iovec vector = {&letter, 1};
  union control control;
  struct msghdr message = {
      .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
  CHECK(recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1 && letter == 'x');
  for (struct cmsghdr *part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_type == SCM_RIGHTS) memcpy(fds, CMSG_DATA(part), 2 * sizeof(int));
    if (part->cmsg_type == SCM_CREDENTIALS) memcpy(from, CMSG_DATA(part), sizeof(*from));
  }
}

int main(void) {
  int ends[2], on = 1;
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  CHECK(setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) == 0);
  const pid_t child = fork();
  if (child == 0) {
    int fds[2] = {-1, -1};
    struct ucred from = {0};
    take(ends[1], fds, &from);
    CHECK(from.pid == getppid() && from.uid == getuid() && from.gid == getgid());
    CHECK(pwrite(fds[0], "given", 5, 3) == 5);
    CHECK(write(fds[1], "done", 4) == 4);
    _exit(0);
  }
  int answer[2];
  CHECK(pipe(answer) == 0);
  const int file = memfd_create("given", 0);
  give(ends[0], (int[]){file, answer[1]});
  char text[16] = "";
  CHECK(read(answer[0], text, sizeof(text)) == 4);
  char *seen = mmap(NULL, 8, PROT_READ, MAP_SHARED, file, 0);
  CHECK(memcmp(seen, "\0\0\0given", 8) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return succeed();
}
