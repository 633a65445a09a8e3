/* Memory at all addresses that a program can have: wherever the engine keeps its own, it goes out of the way. */
#include "../tickproof.h"
#include <sched.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

enum { PAGE = 4096 };
static const unsigned long PLACES[] = {
    0x10000,        0x11000,        0x1f000,        0x20000,        0x30000,        0xa0000,        0xe0000,        0x100000,
    0x110000,       0x29f000,       0x2a0000,       0x400000,       0x3000000,      0x10000000,     0x3fff0000,
    0x60000000,     0x6f000000,     0x6fff0000,     0x70000000,     0x7b400000,     0x7ffe0000,     0x7fff0000,
    0x80000000,     0xfffff000,     0x10000000000,  0x555540000000, 0x555550000000, 0x7f1234560000, 0x7fffc0000000,
    0x7fffd0000000, 0x7fffe0000000,
};
enum { COUNT = sizeof PLACES / sizeof *PLACES };

static int error(const void *result) { return result == MAP_FAILED ? errno : 0; }

static void *map(unsigned long at, size_t size, int flags) {
  return mmap((void *)at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
}

/* Branches that have to be translated anew, and counted. */
static unsigned work(unsigned seed) {
  unsigned sum = 0;
  for (unsigned i = 0; i < 1000; i++)
    if ((seed = seed * 1103515245 + 12345) & 0x10000) sum += i;
  return sum;
}

static void fixed(void) {
  for (int i = 0; i < COUNT; i++) {
    unsigned *page = map(PLACES[i], PAGE, MAP_FIXED_NOREPLACE);
    if (page != MAP_FAILED) *page = work(i);
    printf("%lx %d %d %u\n", PLACES[i], page == (void *)PLACES[i], error(page), page == MAP_FAILED ? 0 : *page);
  }
  unsigned sum = 0;
  for (int i = 0; i < COUNT; i++) {
    sum += *(unsigned *)PLACES[i];
    CHECK(munmap((void *)PLACES[i], PAGE) == 0);
  }
  printf("sum %u\n", sum);
}

static void hinted(void) {
  for (int i = 0; i < COUNT; i += 3) {
    char *page = map(PLACES[i], PAGE, 0);
    CHECK(page != MAP_FAILED && munmap(page, PAGE) == 0);
    printf("%lx %s\n", PLACES[i], page == (char *)PLACES[i] ? "taken" : "elsewhere");
  }
}

static void say(const char *what, int result) { printf("%s %d %d\n", what, result, result ? errno : 0); }

/* Calls on ranges where nothing of the program's is. */
static void empty_ranges(void) {
  unsigned char resident[64];
  char *low = (char *)0x10000;
  printf("munmap %d\n", munmap(low, 0x200000));
  say("mprotect", mprotect(low, 0x20000, PROT_READ));
  say("madvise", madvise(low, 0x20000, MADV_DONTNEED));
  say("mincore", mincore(low, sizeof resident * PAGE, resident));
  say("msync", msync(low, 0x20000, MS_ASYNC));
  say("mlock", mlock(low, 0x20000));
  printf("munmap %d\n", munmap((char *)0x60000000, 0x20000000));
  printf("munmap %d\n", munmap(low, 0x7fff0000));
  printf("work %u\n", work(1));
}

static void moved(void) {
  char *page = map(0, PAGE, 0);
  strcpy(page, "moved");
  char *there = mremap(page, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, (char *)0x20000);
  printf("%s %d\n", there == MAP_FAILED ? "not moved" : there, there == (char *)0x20000);
  char *grown = mremap(there, PAGE, 0x300000, 0);
  CHECK(grown == there);
  grown[0x2fffff] = 'g';
  printf("%s %c %u\n", grown, grown[0x2fffff], work(2));
  const int segment = shmget(IPC_PRIVATE, 16 * PAGE, 0600);
  char *attached = shmat(segment, (char *)0x6f100000, 0);
  CHECK(segment >= 0 && attached == (char *)0x6f100000 && shmctl(segment, IPC_RMID, NULL) == 0);
  strcpy(attached, "attached");
  printf("%s %u\n", attached, work(3));
  CHECK(shmdt(attached) == 0);
}

/* Each process has the engine somewhere else. */
static void in_children(void) {
  for (int i = 0; i < 3; i++) {
    fflush(stdout);
    if (fork() == 0) {
      unsigned *page = map(0x7b400000 - i * 0x1100000, 0x400000, MAP_FIXED_NOREPLACE);
      CHECK(page != MAP_FAILED);
      *page = work(i);
      printf("child %d %u\n", i, *page);
      fflush(stdout);
      _exit(0);
    }
    CHECK(wait(NULL) > 0);
  }
  printf("parent %u\n", work(9));
}

static void *in_thread(void *unused) {
  unsigned *page = map(0x7b400000, 0x100000, MAP_FIXED);
  CHECK(page != MAP_FAILED);
  for (int i = 0; i < 100; i++) {
    *page += work(i);
    sched_yield();
  }
  printf("thread %u\n", *page);
  return unused;
}

int main(void) {
  pthread_t thread;
  fixed();
  hinted();
  empty_ranges();
  moved();
  in_children();
  CHECK(pthread_create(&thread, NULL, in_thread, NULL) == 0);
  volatile unsigned sum = 0;
  for (int i = 0; i < 100; i++) {
    sum += work(i);
    sched_yield();
  }
  CHECK(pthread_join(thread, NULL) == 0);
  fixed();
  return succeed();
}
