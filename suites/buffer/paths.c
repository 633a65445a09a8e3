/* Questions about paths, in the midst of what changes the answers: links, renames, other folders, children, threads that
   wait, errors, memory that can't be written. Says nothing that differs between runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "paths-XXXXXX";

/* Asks in each way whether a name is there, what it leads to, and how long that is. */
static long ask(const char *name) {
  struct stat a, b, c;
  struct statx x;
  char link[64];
  long said = stat(name, &a) == 0 ? a.st_size : -errno;
  said = 3 * said + (lstat(name, &b) == 0 ? b.st_size + S_ISLNK(b.st_mode) : -errno);
  said = 3 * said + (fstatat(AT_FDCWD, name, &c, 0) == 0 ? c.st_size : -errno);
  said = 3 * said + (statx(AT_FDCWD, name, 0, STATX_SIZE, &x) == 0 ? (long)x.stx_size : -errno);
  said = 3 * said + (access(name, R_OK) == 0 ? 1 : -errno);
  said = 3 * said + (faccessat(AT_FDCWD, name, F_OK, 0) == 0 ? 1 : -errno);
  long length = readlink(name, link, sizeof link);
  said = 3 * said + (length > 0 ? length + link[0] : -errno);
  length = readlinkat(AT_FDCWD, name, link, 2);
  return 3 * said + (length > 0 ? length + link[1] : -errno);
}

static void *waits(void *fd) {
  char byte;
  read(*(int *)fd, &byte, 1);
  return (void *)ask("renamed");
}

int main(void) {
  mkdtemp(folder);
  chdir(folder);
  int fd = open("file", O_RDWR | O_CREAT, 0600);
  symlink("file", "link");
  long sum = 0;
  for (int i = 0; i < 200; i++) {
    ftruncate(fd, i);
    sum += ask("file") + ask("link") + ask("none");
  }
  printf("asked: %ld\n", sum);
  rename("file", "renamed");
  printf("renamed: %ld %ld %ld\n", ask("file"), ask("link"), ask("renamed"));
  if (fork() == 0) {
    for (int i = 0; i < 5; i++) sum += ask("link");
    symlink("link", "loop");
    unlink("link");
    symlink("loop", "link");
    _exit(0);
  }
  wait(0);
  printf("loop: %ld\n", ask("link"));
  int ends[2];
  pipe(ends);
  pthread_t thread;
  pthread_create(&thread, 0, waits, &ends[0]);
  for (int i = 0; i < 50; i++) sum += ask("renamed");
  ftruncate(fd, 7);
  write(ends[1], "x", 1);
  void *told;
  pthread_join(thread, &told);
  printf("thread: %d\n", (long)told == ask("renamed"));
  char *pages = mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mprotect(pages + 4096, 4096, PROT_READ);
  struct stat *across = (struct stat *)(pages + 4096 - 8);
  printf("faults: %d %d %d", stat("renamed", across) == 0 ? 0 : errno, stat((char *)8, across) == 0 ? 0 : errno,
         access((char *)8, 0) == 0 ? 0 : errno);
  printf(" %d %d", readlink("link", pages + 4096, 8) < 0 ? errno : 0, readlink("link", pages + 4094, 8) < 0 ? errno : 0);
  printf(" %d", readlink("link", pages, 0) < 0 ? errno : 0);
  printf(" %d\n", getcwd(pages, 2) == 0 ? errno : 0);
  int same = 0;
  char here[256], there[256];
  for (int i = 0; i < 50; i++) {
    getcwd(here, sizeof here);
    chdir(i % 2 ? folder : "..");
    getcwd(there, sizeof there);
    same += strcmp(here, there) == 0;
    chdir(i % 2 ? "." : folder);
  }
  chdir(folder);
  struct statfs system;
  unsigned char random[32] = {0};
  int zeros = 0;
  for (int i = 0; i < 50; i++) {
    sum += statfs(".", &system);
    getrandom(random, sizeof random, 0);
    zeros += random[i % 32] == 0;
  }
  printf("folders: %d, random: %d\n", same, zeros < 20);
  printf("self: %d\n", readlink("/proc/self/exe", here, sizeof here) > 5 && access("/proc/self/maps", R_OK) == 0);
  unlink("link");
  unlink("loop");
  unlink("renamed");
  chdir("..");
  rmdir(folder);
  return 0;
}
