/* Touches what it can in the folder that it is given: what a recording of it says, a replay must not do again. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the embedded engine has its own memory: its context, and the first regions of its code cache. */
static const unsigned long ENGINES[] = {0x10000, 0x11000, 0x20000, 0xd0000 + 0x10000, 0x555537fff000, 0x7fffd7fff000};

static void on_signal(int signal) { (void)signal; }

static void *thread(void *argument) {
  (void)argument;
  return (void *)(long)write(-1, "thread", 6);
}

static int datagram(void) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_port = htons(9)};
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  connect(fd, (struct sockaddr *)&address, sizeof(address));
  sendto(fd, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
  return close(fd);
}

int main(int count, char **arguments) {
  if (count < 2 || chdir(arguments[1]) != 0) return 1;
  if (count > 2) return write(1, "executed\n", 9) == 9 ? 0 : 1;
  signal(SIGUSR1, on_signal);
  int fd = open("made", O_CREAT | O_RDWR, 0644);
  if (ftruncate(fd, 8192) != 0 || write(fd, "made", 4) != 4) return 1;
  char *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  char *own = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset(shared, 'm', 4096);
  memset(own, 'o', 8192);
  for (unsigned i = 0; i < sizeof(ENGINES) / sizeof(ENGINES[0]); i++) {
    void *at = (void *)ENGINES[i];
    syscall(SYS_munmap, at, 4096);
    syscall(SYS_mprotect, at, 4096, PROT_READ | PROT_WRITE);
    syscall(SYS_madvise, at, 4096, MADV_DONTNEED);
    syscall(SYS_mremap, at, 4096, 8192, MREMAP_MAYMOVE);
    syscall(SYS_mmap, at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  }
  unlink("victim");
  rename("victim-2", "moved");
  mkdir("folder", 0755);
  rmdir("victim-folder");
  symlink("made", "link");
  chmod("made", 0600);
  truncate("victim-3", 0);
  datagram();
  kill(getpid(), SIGUSR1);
  pthread_t other;
  if (pthread_create(&other, NULL, thread, NULL) != 0 || pthread_join(other, NULL) != 0) return 1;
  int child = fork();
  if (child == 0) {
    execl("/proc/self/exe", arguments[0], arguments[1], "again", NULL);
    _exit(1);
  }
  int status;
  waitpid(child, &status, 0);
  if (write(1, "wrote\n", 6) != 6) return 1;
  sync();
  return status;
}
