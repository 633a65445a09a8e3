/* Files that are read and written in small pieces, in the midst of what must be seen of that: mappings, copies of
   descriptors, limits, threads that wait for a change, output that goes to the same file. Says nothing that differs between
   runs. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PIECES = 2000, PIECE = 64 };
static char path[] = "file-XXXXXX";

static void pieces(int fd) {
  char piece[PIECE];
  long sum = 0;
  for (int i = 0; i < PIECES; i++) {
    memset(piece, i, PIECE);
    sum += write(fd, piece, PIECE);
  }
  lseek(fd, 0, SEEK_SET);
  for (int i = 0; i < PIECES; i++) {
    sum += read(fd, piece, PIECE);
    sum += piece[i % PIECE] == (char)i;
  }
  sum += read(fd, piece, PIECE);
  struct stat stat;
  for (int i = 0; i < 100; i++) sum += fstat(fd, &stat) == 0 && stat.st_size == PIECES * PIECE;
  for (int i = 0; i < 100; i++) sum += pread(fd, piece, 10, i * PIECE + 60) == 10 && piece[4] == (char)(i + 1);
  printf("pieces: %ld\n", sum);
}

static void mapped(int fd) {
  char seen[8] = "";
  for (int i = 0; i < 3; i++) pwrite(fd, "a", 1, 100);
  char *shared = mmap(0, 4096, PROT_READ, MAP_SHARED, fd, 0);
  seen[0] = shared[100];
  pwrite(fd, "b", 1, 100);
  seen[1] = shared[100];
  int copy = dup(fd);
  pwrite(copy, "c", 1, 100);
  seen[2] = shared[100];
  int other = open(path, O_RDWR);
  pwrite(other, "d", 1, 100);
  seen[3] = shared[100];
  if (fork() == 0) {
    for (int i = 0; i < 3; i++) pwrite(fd, "e", 1, 100);
    _exit(0);
  }
  wait(0);
  seen[4] = shared[100];
  munmap(shared, 4096);
  pwrite(fd, "f", 1, 100);
  char *again = mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
  seen[5] = again[100];
  munmap(again, 4096);
  close(copy);
  close(other);
  printf("mapped: %s\n", seen);
}

/* A number that led to a file leads to a pipe, and the other way round. */
static void numbers(void) {
  int file = open(path, O_RDWR), ends[2];
  char text[8] = "";
  for (int i = 0; i < 3; i++) pwrite(file, "x", 1, 0);
  int was = file;
  close(file);
  pipe(ends);
  printf("numbers: %d", ends[0] == was);
  if (fork() == 0) {
    usleep(1000);
    write(ends[1], "late", 4);
    _exit(0);
  }
  printf(" %zd", read(ends[0], text, 4));
  wait(0);
  int again = open(path, O_RDWR);
  dup2(again, ends[0]);
  printf(" %zd %c", read(ends[0], text, 1), text[0]);
  dup2(ends[1], again);
  printf(" %ld\n", (long)lseek(again, 0, SEEK_CUR));
  close(again);
  close(ends[0]);
  close(ends[1]);
}

static volatile int too_long;
static void caught(int signal) { too_long = signal == SIGXFSZ; }

static void limited(int fd) {
  signal(SIGXFSZ, caught);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){200, RLIM_INFINITY});
  ftruncate(fd, 0);
  lseek(fd, 0, SEEK_SET);
  char piece[PIECE] = "";
  long written = 0, last;
  while ((last = write(fd, piece, PIECE)) > 0) written += last;
  /* Natively the handler has run when the call returns. */
  int at_once = too_long;
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
  printf("limited: %ld %d\n", written, at_once);
}

/* Room for the first event: how many there are until the thread runs is another matter each time. */
static char event[sizeof(struct inotify_event)];
static void *watcher(void *fd) { return (void *)read(*(int *)fd, event, sizeof event); }

static void watched(int fd) {
  int watch = inotify_init();
  inotify_add_watch(watch, path, IN_MODIFY);
  pthread_t thread;
  pthread_create(&thread, 0, watcher, &watch);
  for (int i = 0; i < 20; i++) sched_yield();
  long unseen = 0;
  for (int i = 0; i < 50; i++) {
    pwrite(fd, "w", 1, 0);
    unseen += ((volatile char *)event)[4] == 0;
  }
  void *bytes;
  pthread_join(thread, &bytes);
  /* How many writes it takes until the other thread has it is another matter each time; a replay does the same. */
  for (; unseen > 0; unseen--) getpid();
  printf("watched: %ld\n", (long)bytes);
}

int main(void) {
  setvbuf(stdout, 0, _IOLBF, 0);
  int fd = mkstemp(path);
  pieces(fd);
  mapped(fd);
  numbers();
  DIR *folder = opendir("/");
  int entries = 0;
  while (readdir(folder)) entries++;
  closedir(folder);
  printf("entries: %d\n", entries > 5);
  limited(fd);
  watched(fd);
  unlink(path);
  return 0;
}
