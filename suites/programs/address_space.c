/* An address space that changes: mappings that grow and move, a heap that shrinks, pages that are given back,
 * deep stacks; and what /proc tells of it, which is nothing of the engine. */
#include "../tickproof.h"
#include <sys/mman.h>
#include <sys/wait.h>

enum { MEGABYTE = 1 << 20 };

int main(void);

static uint64_t sum(const char *bytes, size_t size) {
  uint64_t hash = 1;
  for (size_t i = 0; i < size; i += 64) hash = mix(hash, (unsigned char)bytes[i]);
  return hash;
}

static uint64_t deep(int levels) {
  volatile char room[8192];
  room[levels] = (char)levels;
  return levels ? mix(deep(levels - 1), (unsigned char)room[levels]) : 1;
}

static void *deep_thread(void *argument) { return (void *)deep((int)(long)argument); }

/* How the mapping that holds main() is protected, and how many there are that no program knows of. */
static void show_maps(const char *path) {
  FILE *file = fopen(path, "r");
  char line[512], protection[5], own[5] = "";
  unsigned long start, end;
  int strange = 0;
  CHECK(file);
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "%lx-%lx %4s ", &start, &end, protection) != 3) continue;
    if (start <= (unsigned long)main && (unsigned long)main < end) strcpy(own, protection);
    if (start < 0x100000 || strstr(line, "memfd") || strstr(line, "tickproof-")) strange++;
  }
  fclose(file);
  printf("text %s, %d strange\n", own, strange);
}

static void *show_own_maps(void *argument) {
  show_maps("/proc/thread-self/maps");
  return argument;
}

/* A mapping that grows downwards where it is touched, and where the kernel writes. */
static void grow_down(void) {
  int ends[2];
  char *room = mmap(NULL, MEGABYTE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(room != MAP_FAILED && munmap(room, MEGABYTE) == 0 && pipe(ends) == 0);
  char *top = mmap(room + MEGABYTE - 8192, 8192, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0);
  CHECK(top != MAP_FAILED);
  for (int i = 1; i <= 20; i++) top[-4096 * i] = (char)i;
  CHECK(write(ends[1], "below", 5) == 5 && read(ends[0], top - 4096 * 21, 5) == 5);
  printf("grown %016lx %c\n", sum(top - 4096 * 21, 4096 * 21), top[-4096 * 21]);
}

int main(void) {
  pthread_t thread;
  grow_down();
  void *found;
  char path[64];
  char *bytes = mmap(NULL, MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < MEGABYTE; i++) bytes[i] = (char)(i * 7 >> 3);
  bytes = mremap(bytes, MEGABYTE, 4 * MEGABYTE, MREMAP_MAYMOVE);
  char *target = mmap(NULL, MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(mremap(bytes, MEGABYTE / 2, MEGABYTE / 2, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target);
  printf("moved %016lx %016lx\n", sum(target, MEGABYTE), sum(bytes + MEGABYTE / 2, MEGABYTE / 2));
  CHECK(munmap(target + 4096, 4096) == 0 && mprotect(target + 8192, 4096, PROT_READ) == 0);
  CHECK(madvise(target, 4096, MADV_DONTNEED) == 0 && madvise(target + 65536, 65536, MADV_FREE) == 0);
  char *later = mmap(NULL, 64 * MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 64 * MEGABYTE; i += 4096) later[i] = (char)(i >> 12);
  int kept = 0; /* the kernel's choice: only the ticks may tell */
  for (int i = 65536; i < 2 * 65536; i += 64)
    if (target[i]) kept++;
  CHECK(kept <= 1024);
  printf("big %016lx\n", sum(later, 64 * MEGABYTE));

  char *heap = sbrk(0);
  CHECK(sbrk(100000) != (void *)-1);
  memset(heap, 3, 100000);
  CHECK(sbrk(-50000) != (void *)-1 && sbrk(50000) != (void *)-1);
  printf("heap %016lx\n", sum(heap, 100000));
  CHECK(pthread_create(&thread, NULL, deep_thread, (void *)60) == 0 && pthread_join(thread, &found) == 0);
  printf("stacks %016lx %016lx\n", deep(900), (uint64_t)found);

  int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int child = 0; child < 3; child++)
    if (fork() == 0) {
      for (int i = 0; i < 5000; i++) __atomic_add_fetch(shared, 1, __ATOMIC_SEQ_CST);
      _exit(0);
    }
  while (wait(NULL) > 0);
  printf("shared %d\n", *shared);

  show_maps("/proc/self/maps");
  show_maps("/proc/self/smaps");
  CHECK(pthread_create(&thread, NULL, show_own_maps, NULL) == 0 && pthread_join(thread, NULL) == 0);
  fflush(stdout);
  if (fork() == 0) {
    snprintf(path, sizeof path, "/proc/%d/maps", getppid());
    show_maps(path);
    exit(0);
  }
  CHECK(wait(NULL) > 0);
  return succeed();
}
