/* Two that meet elsewhere than in memory, in the wrong order in every run: the first argument says where. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int there[2], back[2];

static void tell(int *ends) {
  if (write(ends[1], "x", 1) != 1) _exit(2);
}

static void hear(int *ends) {
  char byte;
  if (read(ends[0], &byte, 1) != 1) _exit(2);
}

/* Another process makes the file between the look at it and the open. */
static void file(void) {
  if (fork() == 0) {
    hear(there);
    close(open("lock", O_CREAT | O_WRONLY, 0600));
    tell(back);
    _exit(0);
  }
  int found = access("lock", F_OK);
  tell(there);
  hear(back);
  close(open("lock", O_CREAT | O_WRONLY, 0600));
  wait(NULL);
  printf("%d\n", found);
}

static int descriptor;

static void *closes(void *unused) {
  hear(there);
  close(descriptor);
  tell(back);
  return unused;
}

/* Another thread closes what is still in use. */
static void closed(void) {
  pthread_t other;
  descriptor = open("/dev/null", O_RDWR);
  pthread_create(&other, NULL, closes, NULL);
  ssize_t count = write(descriptor, "1", 1);
  tell(there);
  hear(back);
  count += write(descriptor, "2", 1);
  pthread_join(other, NULL);
  printf("%zd\n", count);
}

static volatile int sum;

static void adds(int signal) {
  (void)signal;
  sum = sum + 10;
}

/* A handler changes what is being changed. */
static void handled(void) {
  signal(SIGUSR1, adds);
  int seen = sum;
  raise(SIGUSR1);
  sum = seen + 1;
  printf("%d\n", sum);
}

int main(int count, char **arguments) {
  const char *kind = count > 1 ? arguments[1] : "";
  if (pipe(there) != 0 || pipe(back) != 0) return 2;
  if (strcmp(kind, "file") == 0) file();
  if (strcmp(kind, "closed") == 0) closed();
  if (strcmp(kind, "handled") == 0) handled();
  return 0;
}
