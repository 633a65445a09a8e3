/* Datagrams: several at once, peeked at, cut, by abstract names, over UDP with errors that come back, and a
 * list of interfaces. */
#include "../tickproof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { COUNT = 5 };

int main(void) {
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  const int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "tickproof-%d", getpid());
  const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
  const int one = socket(AF_UNIX, SOCK_DGRAM, 0), two = socket(AF_UNIX, SOCK_DGRAM, 0);
  CHECK(bind(one, (struct sockaddr *)&name, size) == 0 && connect(two, (struct sockaddr *)&name, size) == 0);
  char texts[COUNT][16];
  struct iovec vectors[COUNT];
  struct mmsghdr messages[COUNT];
  memset(messages, 0, sizeof(messages));
  for (int i = 0; i < COUNT; i++) {
    vectors[i] = (struct iovec){texts[i], (size_t)snprintf(texts[i], sizeof(texts[i]), "datagram %d", i)};
    messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
  }
  CHECK(sendmmsg(two, messages, COUNT, 0) == COUNT && messages[COUNT - 1].msg_len == 10);
  char text[16] = "";
  CHECK(recv(one, text, sizeof(text), MSG_PEEK) == 10 && recv(one, text, 4, MSG_TRUNC) == 10);
  memset(texts, 0, sizeof(texts));
  for (int i = 0; i < COUNT; i++) vectors[i].iov_len = sizeof(texts[i]);
  struct timespec second = {1, 0};
  CHECK(recvmmsg(one, messages, COUNT, MSG_DONTWAIT, &second) == COUNT - 1);
  CHECK(strcmp(texts[0], "datagram 1") == 0 && messages[0].msg_len == 10);
  CHECK(recv(one, text, sizeof(text), MSG_DONTWAIT) < 0 && errno == EAGAIN);

  const int udp = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in nobody = {
      .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1)};
  CHECK(connect(udp, (struct sockaddr *)&nobody, sizeof(nobody)) == 0 && send(udp, "x", 1, 0) == 1);
  CHECK(recv(udp, text, sizeof(text), 0) < 0 && errno == ECONNREFUSED);

  const int netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  struct {
    struct nlmsghdr head;
    struct rtgenmsg what;
  } request = {{sizeof(request), RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 1, 0}, {AF_UNSPEC}};
  CHECK(send(netlink, &request, sizeof(request), 0) == sizeof(request));
  int links = 0, done = 0;
  while (!done) {
    static char answer[32768];
    ssize_t left = recv(netlink, answer, sizeof(answer), 0);
    CHECK(left > 0);
    for (struct nlmsghdr *head = (void *)answer; NLMSG_OK(head, (unsigned)left);
         head = NLMSG_NEXT(head, left)) {
      if (head->nlmsg_type == NLMSG_DONE) done = 1;
      else if (head->nlmsg_type == RTM_NEWLINK)
        links++;
    }
  }
  struct ifreq loop = {.ifr_name = "lo"};
  CHECK(links >= 1 && ioctl(udp, SIOCGIFINDEX, &loop) == 0);
  printf("%d links, lo is %d\n", links, loop.ifr_ifindex);
  return succeed();
}
