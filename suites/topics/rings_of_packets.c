/* Packets that the kernel puts into memory it shares with the program (packet(7)), waited for by poll, in a network of the
 * program's own where nobody else's packets are. */
#include "../tickproof.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { BLOCK = 4096, BLOCKS = 4, FRAME = 2048, FRAMES = 8, PACKETS = 20, HEADERS = 14 + 20 + 8 };

static int has_own_network(void) {
  if (unshare(CLONE_NEWNET) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0) return 0;
  struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
  return ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &loopback) == 0;
}

int main(void) {
  const int ring = has_own_network() ? socket(AF_PACKET, SOCK_RAW, htons(ETH_P_IP)) : -1;
  if (ring < 0) {
    puts("no network of its own, or no packets, for this user");
    return succeed();
  }
  const int version = TPACKET_V2;
  struct tpacket_req request = {BLOCK, BLOCKS, FRAME, FRAMES};
  struct sockaddr_ll link = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
  link.sll_ifindex = (int)if_nametoindex("lo");
  CHECK(setsockopt(ring, SOL_PACKET, PACKET_VERSION, &version, sizeof(version)) == 0);
  CHECK(setsockopt(ring, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) == 0);
  char *frames = mmap(NULL, BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
  CHECK(frames != MAP_FAILED && bind(ring, (struct sockaddr *)&link, sizeof(link)) == 0);

  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  const int sender = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(bind(sender, (struct sockaddr *)&address, size) == 0);
  CHECK(getsockname(sender, (struct sockaddr *)&address, &size) == 0);
  uint64_t hash = 0;
  for (int i = 0; i < PACKETS; i++) {
    char text[16];
    const int length = snprintf(text, sizeof(text), "packet %d", i);
    CHECK(sendto(sender, text, (size_t)length, 0, (struct sockaddr *)&address, size) == length);
    struct tpacket2_hdr *header = (struct tpacket2_hdr *)(frames + i % FRAMES * FRAME);
    struct pollfd ready = {.fd = ring, .events = POLLIN};
    while (!(header->tp_status & TP_STATUS_USER)) CHECK(poll(&ready, 1, -1) == 1);
    const char *packet = (const char *)header + header->tp_mac;
    CHECK(header->tp_len == (uint32_t)(HEADERS + length) && memcmp(packet + HEADERS, text, (size_t)length) == 0);
    for (uint32_t at = 0; at < header->tp_len; at++) hash = mix(hash, (uint8_t)packet[at]);
    header->tp_status = TP_STATUS_KERNEL;
  }
  printf("%016lx\n", hash);
  CHECK(munmap(frames, BLOCK * BLOCKS) == 0);
  return succeed();
}
