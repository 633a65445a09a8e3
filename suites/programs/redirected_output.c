/* Output that goes elsewhere (pipes, sockets, files in place of the standard output) and comes back; numbers that
 * differ in each run. */
#include "../tickproof.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

/* Hands a descriptor to a child through a socket; the child answers through it. */
static void pass_descriptor(void) {
  int sockets[2], ends[2], passed;
  char control[CMSG_SPACE(sizeof passed)] = "", text[32] = "";
  struct iovec parts[2] = {{"ab", 2}, {"cde", 3}};
  struct msghdr message = {
      .msg_iov = parts, .msg_iovlen = 2, .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0 && pipe(ends) == 0);
  if (fork() == 0) {
    char first[2], second[8];
    struct iovec into[2] = {{first, 2}, {second, 8}};
    message.msg_iov = into;
    CHECK(recvmsg(sockets[1], &message, 0) == 5);
    memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof passed);
    dprintf(passed, "%.2s and %.3s", first, second);
    _exit(0);
  }
  *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof passed)};
  memcpy(CMSG_DATA(header), &ends[1], sizeof passed);
  CHECK(sendmsg(sockets[0], &message, 0) == 5 && wait(NULL) > 0);
  CHECK(read(ends[0], text, sizeof text - 1) == 10);
  printf("%s\n", text);
}

static void ping(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  char word[4];
  int pings = 0, listener = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(listener, (void *)&address, length) == 0 && listen(listener, 5) == 0);
  CHECK(getsockname(listener, (void *)&address, &length) == 0);
  if (fork() == 0) {
    int client = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(client, (void *)&address, sizeof address) == 0);
    for (int i = 0; i < 50; i++) CHECK(send(client, "ping", 4, 0) == 4 && recv(client, word, 4, MSG_WAITALL) == 4);
    _exit(0);
  }
  int server = accept(listener, NULL, NULL);
  while (recv(server, word, 4, MSG_WAITALL) == 4) CHECK(send(server, word, 4, 0) == 4 && ++pings > 0);
  CHECK(wait(NULL) > 0);
  printf("%d pings on port %d\n", pings, ntohs(address.sin_port));
}

int main(void) {
  char path[] = "/tmp/tickproof-output-XXXXXX", text[64] = "";
  unsigned char noise[8];
  struct timespec now;
  pass_descriptor();
  ping();
  CHECK(getrandom(noise, sizeof noise, 0) == sizeof noise && clock_gettime(CLOCK_REALTIME, &now) == 0);
  printf("%d %02x%02x %ld\n", getpid(), noise[0], noise[7], now.tv_nsec);
  fflush(stdout);

  int saved = dup(1), file = mkstemp(path);
  CHECK(saved > 0 && file > 0 && fcntl(file, F_SETFL, O_APPEND) == 0 && dup2(file, 1) == 1);
  puts("into a file");
  fflush(stdout);
  CHECK(system("echo by a child") == 0 && dup2(saved, 1) == 1);
  puts("back");
  fflush(stdout);
  CHECK(write(saved, "by a copy\n", 10) == 10 && lseek(file, 0, SEEK_SET) == 0 && write(file, "end\n", 4) == 4);
  int read_back = open(path, O_RDONLY);
  CHECK(unlink(path) == 0 && read(read_back, text, sizeof text - 1) == 27);
  printf("[%s]\n", text);
  fflush(stdout);
  CHECK(close_range(3, ~0U, 0) == 0 && write(saved, "x", 1) == -1 && dup2(2, 10) == 10);
  CHECK(write(10, "to the error stream\n", 20) == 20);
  return succeed();
}
