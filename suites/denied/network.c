/* Tries to reach a network, and to speak to itself. */
#include "../tickproof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#define TRY(call) printf("%s: %s\n", #call, (call) < 0 ? strerrorname_np(errno) : "done")

int main(void) {
  int pair[2];
  TRY(socket(AF_INET, SOCK_STREAM, 0));
  TRY(socket(AF_INET6, SOCK_DGRAM, 0));
  TRY(socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE));
  TRY(socketpair(AF_INET, SOCK_STREAM, 0, pair));
  TRY(socket(AF_UNIX, SOCK_STREAM, 0));
  TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
  return succeed();
}
