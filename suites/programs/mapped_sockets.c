/* Sockets that a program tries to map, to receive without copies: it has to go on without that. */
#include "../tickproof.h"
#include <arpa/inet.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>

int main(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof(address);
  char text[6] = "";
  int listener = socket(AF_INET, SOCK_STREAM, 0), sender = socket(AF_INET, SOCK_STREAM, 0);
  CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 1) == 0);
  CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
  CHECK(connect(sender, (struct sockaddr *)&address, size) == 0);
  int receiver = accept(listener, NULL, NULL);
  CHECK(receiver >= 0 && send(sender, "bytes", 5, 0) == 5);
  void *mapped = mmap(NULL, 4096, PROT_READ, MAP_SHARED, receiver, 0);
  CHECK(mapped != MAP_FAILED || errno == ENODEV || errno == EINVAL);
  CHECK(recv(receiver, text, 5, MSG_WAITALL) == 5);
  puts(text);
  return succeed();
}
