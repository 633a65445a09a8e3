/* Requests that no table of the engine has: where the kernel has none of them either, its error is the answer. */
#include "../tickproof.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* SIOCGIWNAME (linux/wireless.h), which browsers ask of each network interface. */
enum { WIRELESS_NAME = 0x8b01 };
/* One of an old style, of graphics cards, of KVM, of a network driver's own (SIOCDEVPRIVATE). */
static const unsigned long UNKNOWN[] = {0x1234, 0xc0106400, 0xae01, 0x89f0, 0x5331};

int main(void) {
  int fds[] = {open("/dev/null", O_RDWR), socket(AF_UNIX, SOCK_STREAM, 0), open("/", O_RDONLY)};
  for (unsigned i = 0; i < 3; i++) {
    for (unsigned k = 0; k < sizeof(UNKNOWN) / sizeof(UNKNOWN[0]); k++) {
      char argument[4096] = "no interface";
      errno = 0;
      CHECK(ioctl(fds[i], UNKNOWN[k], argument) == -1);
      printf("%u %lx %d\n", i, UNKNOWN[k], errno);
      CHECK(strcmp(argument, "no interface") == 0);
    }
  }
  int any = socket(AF_INET, SOCK_DGRAM, 0);
  char name[40] = "lo";
  CHECK(ioctl(any, WIRELESS_NAME, name) == -1);
  printf("%d\n", errno);
  /* An option that could not be recorded of a socket that had it. */
  CHECK(setsockopt(any, 263 /* SOL_PACKET */, 5 /* PACKET_RX_RING */, name, 4) == -1);
  printf("%d\n", errno);
  return succeed();
}
