/* A write barrier as collectors have it: pages are read-only until the first store to each, which a handler
 * notes and allows. */
#include "../tickproof.h"

#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096, PAGES = 64, THREADS = 2 };

static char *heap;
static uint8_t dirty[PAGES];
static uint32_t faults;

static void allow(int signal, siginfo_t *info, void *context) {
  (void)signal;
  const size_t page = (size_t)((char *)info->si_addr - heap) / PAGE;
  CHECK(page < PAGES && info->si_code == SEGV_ACCERR);
  CHECK(((ucontext_t *)context)->uc_mcontext.gregs[REG_ERR] & 2);
  __atomic_store_n(&dirty[page], 1, __ATOMIC_RELAXED);
  __atomic_fetch_add(&faults, 1, __ATOMIC_RELAXED);
  CHECK(mprotect(heap + page * PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
}

static void *store(void *seed) {
  uint64_t random = (uint64_t)(uintptr_t)seed;
  for (int i = 0; i < 400; i++) {
    random = mix(random, (uint64_t)i);
    __atomic_fetch_add(&heap[random % (PAGES * PAGE)], 1, __ATOMIC_RELAXED);
  }
  return NULL;
}

int main(void) {
  heap = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  handle(SIGSEGV, allow, 0);
  for (int round = 0; round < 5; round++) {
    memset(dirty, 0, sizeof(dirty));
    CHECK(mprotect(heap, PAGES * PAGE, PROT_READ) == 0);
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
      CHECK(pthread_create(&threads[i], NULL, store, (void *)(i + 1)) == 0);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  }
  uint64_t sum = 0;
  for (int i = 0; i < PAGES * PAGE; i++) sum += (uint8_t)heap[i];
  CHECK(sum == 5 * THREADS * 400 && faults >= PAGES);
  return succeed();
}
