/* Questions about paths, files that are looked for and closed, and actions of signals, in the midst of what changes the
   answers: links, renames, other folders, children, threads that wait, locks, errors, memory that can't be written. Says
   nothing that differs between runs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
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

/* Looks for a file, and says what came of that without saying which descriptor it is. */
static int look(const char *name, int flags) {
  int fd = openat(AT_FDCWD, name, flags, 0600);
  if (fd < 0) return -errno;
  return close(fd) == 0 ? 1 : -1;
}

static void opened(void) {
  long sum = 0;
  for (int i = 0; i < 300; i++) sum += look("none", O_RDONLY) + look("folder/none", i % 2 ? O_RDWR : O_PATH);
  printf("opened: %ld", sum);
  symlink("nowhere", "dangling");
  printf(" %d %d %d", look("dangling", O_RDONLY), look("dangling", O_RDONLY | O_NOFOLLOW), look("dangling", O_PATH | O_NOFOLLOW));
  printf(" %d %d", look("dangling", O_RDONLY | O_CREAT), access("nowhere", F_OK));
  printf(" %d %d", look("nowhere", O_RDONLY | O_CREAT | O_EXCL), look("nowhere/below", O_RDONLY));
  mkfifo("fifo", 0600);
  printf(" %d %d\n", look("fifo", O_RDONLY | O_NONBLOCK), look("fifo", O_WRONLY | O_NONBLOCK));
  /* A fifo is not opened by anybody who looks for something else. */
  if (fork() == 0) _exit(look("fifo", O_WRONLY));
  int fifo = open("fifo", O_RDONLY), status;
  wait(&status);
  close(fifo);
  struct rlimit before;
  getrlimit(RLIMIT_NOFILE, &before);
  int least = open("nowhere", O_RDONLY);
  close(least);
  setrlimit(RLIMIT_NOFILE, &(struct rlimit){least, before.rlim_max});
  printf("limit: %d %d %d\n", WEXITSTATUS(status), look("none", O_RDONLY), look("nowhere", O_RDONLY));
  setrlimit(RLIMIT_NOFILE, &before);
  unlink("dangling");
  unlink("fifo");
}

/* Opens what is there for reading, and reads from it: what a name stands for, and what a descriptor is of, changes. */
static void present(void) {
  long sum = 0, same = 0;
  char text[8], entries[512];
  int made = open("present", O_RDWR | O_CREAT, 0600), first = -1;
  write(made, "abcd", 4);
  symlink("present", "points");
  for (int i = 0; i < 300; i++) {
    const char *name = i % 3 ? "present" : "points";
    int fd = openat(AT_FDCWD, name, i % 2 ? O_RDONLY : O_RDONLY | O_CLOEXEC);
    if (first < 0) first = fd;
    struct stat status;
    same += fd == first;
    sum += fstat(fd, &status) == 0 ? status.st_size : -errno;
    sum += read(fd, text, sizeof text) + lseek(fd, 1, SEEK_SET);
    if (i % 50 == 6) sum += write(fd, "x", 1) < 0 && errno == EBADF;
    if (i % 50 == 7) dup2(made, fd);
    if (i % 50 == 7) sum += write(fd, "e", 1) > 0 ? 1000 : 0;
    same += i % 10 != 7 || ((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0) == (i % 2 == 0 && i % 50 != 7);
    close(fd);
    if (i == 100) rename("present", "other"), symlink("other", "present");
    if (i == 200) chmod("present", 0644);
  }
  printf("present: %ld %ld", sum, same);
  printf(" %d %d", look("points", O_RDONLY | O_NOFOLLOW), look("points", O_RDONLY | O_NOFOLLOW | O_PATH));
  printf(" %d %d", look("other", O_RDONLY | O_DIRECTORY), look("other/below", O_RDONLY));
  int folder = openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), below = openat(folder, "other", O_RDONLY);
  sum = syscall(SYS_getdents64, folder, entries, sizeof entries) > 0;
  sum += 10 * pread(below, text, 2, 0) + 100 * (openat(made, "other", O_RDONLY) < 0 ? errno : 0);
  close(folder);
  close(below);
  /* The same name is of a fifo, of nothing, of a file without a name. */
  unlink("present");
  mkfifo("present", 0600);
  printf(" %ld %d", sum, look("present", O_RDONLY | O_NONBLOCK));
  unlink("present");
  printf(" %d", look("present", O_RDONLY));
  unlink("other");
  char own[32];
  sprintf(own, "/proc/self/fd/%d", made);
  printf(" %d %d", look(own, O_RDONLY), look("/dev/null", O_RDONLY));
  int maps = openat(AT_FDCWD, "/proc/self/status", O_RDONLY);
  printf(" %d %d\n", read(maps, text, 5) == 5 && memcmp(text, "Name:", 5) == 0, openat(AT_FDCWD, (char *)8, O_RDONLY) < 0 ? errno : 0);
  close(maps);
  close(made);
  unlink("points");
}

static void closed(void) {
  int sum = 0, last = -1;
  char byte;
  for (int i = 0; i < 200; i++) {
    int fd = open("nowhere", O_RDWR);
    sum += last < 0 || fd == last;
    if (i % 3 == 0) sum += pwrite(fd, "x", 1, 0);
    if (i % 5 == 0) dup2(1, fd);
    sum += close(fd) == 0;
    sum += close(fd) < 0 && errno == EBADF;
    sum += read(fd, &byte, 1) < 0 && errno == EBADF;
    last = fd;
  }
  printf("closed: %d", sum);
  /* Any descriptor of a file that is closed gives the locks of a process back (fcntl(2)). */
  int fd = open("nowhere", O_RDWR), ends[2];
  struct flock lock = {F_WRLCK, SEEK_SET, 0, 0, 0};
  fcntl(fd, F_SETLK, &lock);
  pipe(ends);
  if (fork() == 0) {
    write(ends[1], "a", 1);
    fcntl(fd, F_SETLKW, &lock);
    write(ends[1], "b", 1);
    _exit(0);
  }
  char told[3] = "";
  read(ends[0], told, 1);
  usleep(10000);
  int other = open("nowhere", O_RDONLY);
  close(other);
  read(ends[0], told + 1, 1);
  wait(0);
  printf(" %s\n", told);
  close(fd);
  close(ends[0]);
  close(ends[1]);
  unlink("nowhere");
}

static void caught(int signal) {}

static void actions(void) {
  struct sigaction action;
  long handled = 0, refused = 0;
  signal(SIGUSR1, caught);
  signal(SIGTRAP, SIG_IGN);
  for (int i = 0; i < 300; i++) {
    int number = i % 70;
    if (i == 150) signal(SIGUSR2, caught);
    if (syscall(SYS_rt_sigaction, number, 0, &action, 8) != 0) refused++;
    else handled += (action.sa_handler == caught) + 100 * (number == SIGTRAP && action.sa_handler == SIG_IGN);
  }
  handled += 10000 * (syscall(SYS_rt_sigaction, SIGUSR1, 0, 8, 8) != 0 && errno == EFAULT);
  handled += 20000 * (syscall(SYS_rt_sigaction, SIGUSR1, 8, 0, 8) != 0 && errno == EFAULT);
  handled += 40000 * (syscall(SYS_rt_sigaction, SIGUSR1, 0, &action, 4) != 0 && errno == EINVAL);
  signal(SIGTRAP, SIG_DFL);
  printf("actions: %ld %ld\n", handled, refused);
}

int main(void) {
  setvbuf(stdout, 0, _IONBF, 0);
  mkdtemp(folder);
  chdir(folder);
  opened();
  present();
  closed();
  actions();
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
  close(ends[0]);
  close(ends[1]);
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
