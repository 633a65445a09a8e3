/* Memory that is written by a read from a pipe, by one from a file, by a thread, and by nobody in a child. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static char from_pipe[8], from_file[8];
static volatile long shared = 1;

static void *writes(void *unused) {
  shared = 2;
  return unused;
}

int main(int count, char **words) {
  int ends[2];
  pthread_t writer;
  if (count < 1 || pipe(ends) != 0) return 1;
  if (write(ends[1], "pipe", 4) != 4 || read(ends[0], from_pipe, 4) != 4) return 1;
  int fd = open(words[0], O_RDONLY);
  if (fd < 0 || pread(fd, from_file, 4, 0) != 4) return 1;
  if (fork() == 0) {
    shared = 7;
    _exit(0);
  }
  wait(NULL);
  pthread_create(&writer, NULL, writes, NULL);
  pthread_join(writer, NULL);
  for (volatile int i = 0; i < 100000; i++)
    ;
  shared = 3;
  printf("%ld\n", shared);
  return 0;
}
