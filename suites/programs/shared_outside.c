/* Memory that two programs share which know nothing of each other. One changes it when it is asked to, by a byte through
 * a pipe with a name; the other one shows what it finds. Usage: shared_outside file|posix|segment serve|ask FOLDER */
#include "../tickproof.h"
#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

enum { SIZE = 3 * 4096, ROUNDS = 3 };

static char *shared(const char *kind, const char *folder, int serves) {
  char path[512];
  if (kind[0] == 's') {
    snprintf(path, sizeof path, "%s", folder);
    const int segment = shmget(ftok(path, 'o'), SIZE, IPC_CREAT | 0600);
    char *memory = shmat(segment, NULL, 0);
    CHECK(segment >= 0 && memory != (char *)-1);
    if (!serves) CHECK(shmctl(segment, IPC_RMID, NULL) == 0);
    return memory;
  }
  if (kind[0] == 'p') snprintf(path, sizeof path, "/dev/shm/tickproof-%s", strrchr(folder, '/') + 1);
  else snprintf(path, sizeof path, "%s/memory", folder);
  const int fd = open(path, O_RDWR | O_CREAT, 0600);
  CHECK(fd >= 0 && ftruncate(fd, SIZE) == 0);
  char *memory = mmap(NULL, SIZE, serves ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED && close(fd) == 0);
  if (!serves && kind[0] == 'p') CHECK(unlink(path) == 0);
  return memory;
}

int main(int count, char **arguments) {
  CHECK(count == 4);
  const int serves = strcmp(arguments[2], "serve") == 0;
  char asks[512], answers[512], byte = 'x';
  snprintf(asks, sizeof asks, "%s/asks", arguments[3]);
  snprintf(answers, sizeof answers, "%s/answers", arguments[3]);
  char *memory = shared(arguments[1], arguments[3], serves);
  if (serves) {
    CHECK(mkfifo(asks, 0600) == 0 && mkfifo(answers, 0600) == 0);
    puts("ready");
    fflush(stdout);
  }
  const int in = open(serves ? asks : answers, O_RDWR);
  const int out = open(serves ? answers : asks, O_RDWR);
  CHECK(in >= 0 && out >= 0);
  for (int i = 0; i < ROUNDS; i++) {
    if (serves) {
      CHECK(read(in, &byte, 1) == 1);
      snprintf(memory + 4096 * i, 32, "round %d", i);
      CHECK(write(out, &byte, 1) == 1);
    } else {
      CHECK(write(out, &byte, 1) == 1 && read(in, &byte, 1) == 1);
      printf("%s, %s, %s\n", memory, memory + 4096, memory + 8192);
    }
  }
  return serves ? 0 : succeed();
}
