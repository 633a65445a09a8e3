/* Shared memory of System V: attached more than once, by more than one process, let go of and taken up again. */
#include "../tickproof.h"
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

enum { SIZE = 3 * 4096 };

static int segment;

static char *attach(int flags) {
  char *bytes = shmat(segment, NULL, flags);
  CHECK(bytes != (void *)-1);
  return bytes;
}

/* Two processes take turns by words in the segment. */
static void *take_turns(volatile int *words, int odd) {
  for (int i = 0; i < 500; i++) {
    while (words[0] % 2 != odd) sched_yield();
    words[1] = (int)mix((unsigned)words[1], (unsigned)words[0]);
    words[0]++;
  }
  return NULL;
}

int main(void) {
  struct shmid_ds description;
  segment = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
  CHECK(segment >= 0);
  char *bytes = attach(0);
  const char *seen = attach(SHM_RDONLY);
  strcpy(bytes + 4096, "both see it");
  printf("%s\n", seen + 4096);
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) {
    volatile int *own = (volatile int *)attach(0);
    CHECK(shmdt(bytes) == 0);
    take_turns(own, 1);
    _exit(0);
  }
  take_turns((volatile int *)bytes, 0);
  CHECK(wait(NULL) == child);
  printf("turns %d, %08x\n", ((int *)bytes)[0], (unsigned)((int *)bytes)[1]);
  CHECK(shmdt(bytes) == 0 && shmdt(seen) == 0 && shmdt(bytes) == -1);
  CHECK(shmctl(segment, IPC_STAT, &description) == 0 && description.shm_nattch == 0);
  bytes = attach(0);
  printf("again %s\n", bytes + 4096);
  char *fixed = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(shmat(segment, fixed, SHM_REMAP) == fixed);
  fixed[4096] = 'B';
  printf("again %s\n", bytes + 4096);
  CHECK(shmctl(segment, IPC_RMID, NULL) == 0);
  return succeed();
}
