/* TCP over the loopback interface: a connection that is refused, one that waits, urgent data, half a close, a
 * reset. */
#include "../tickproof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

static volatile sig_atomic_t urgent;
static void on_urgent(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)info, (void)context;
  urgent++;
}

static int serve(struct sockaddr_in *address) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof(*address);
  CHECK(bind(fd, (struct sockaddr *)address, length) == 0 && listen(fd, 4) == 0);
  CHECK(getsockname(fd, (struct sockaddr *)address, &length) == 0 && address->sin_port != 0);
  return fd;
}

int main(void) {
  handle(SIGURG, on_urgent, SA_RESTART);
  struct sockaddr_in address;
  const int server = serve(&address);
  const pid_t child = fork();
  if (child == 0) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 || errno == EINPROGRESS);
    struct pollfd out = {.fd = fd, .events = POLLOUT};
    CHECK(poll(&out, 1, -1) == 1);
    int error = -1, on = 1;
    socklen_t length = sizeof(error);
    CHECK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error == 0);
    CHECK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0);
    CHECK(send(fd, "ordinary", 8, MSG_NOSIGNAL) == 8 && send(fd, "!", 1, MSG_OOB) == 1);
    CHECK(shutdown(fd, SHUT_WR) == 0);
    char text[64];
    out.events = POLLIN;
    ssize_t got = 0, more;
    while (poll(&out, 1, -1) == 1 && (more = read(fd, text + got, sizeof(text) - (size_t)got)) > 0)
      got += more;
    CHECK(got == 6 && memcmp(text, "answer", 6) == 0);
    _exit(0);
  }
  const int fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
  CHECK(fd >= 0 && fcntl(fd, F_SETOWN, getpid()) == 0 && fcntl(fd, F_GETOWN) == getpid());
  char text[64];
  CHECK(recv(fd, text, 8, MSG_WAITALL) == 8 && memcmp(text, "ordinary", 8) == 0);
  struct pollfd mark = {.fd = fd, .events = POLLPRI};
  CHECK(poll(&mark, 1, -1) == 1 && (mark.revents & POLLPRI));
  CHECK(recv(fd, text, 1, MSG_OOB) == 1 && text[0] == '!' && recv(fd, text, sizeof(text), 0) == 0);
  struct tcp_info info;
  socklen_t length = sizeof(info);
  CHECK(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 && info.tcpi_state == TCP_CLOSE_WAIT);
  CHECK(write(fd, "answer", 6) == 6);
  const struct linger reset = {1, 0};
  CHECK(shutdown(fd, SHUT_RDWR) == 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) == 0 &&
        close(fd) == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  close(server);
  const int refused = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(connect(refused, (struct sockaddr *)&address, sizeof(address)) < 0 && errno == ECONNREFUSED);
  return succeed();
}
