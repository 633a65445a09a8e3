/*
 * Calls that few programs make, each with an effect that must be there again: advice for pieces of memory, segments of the
 * program's own, shared memory that is executed, keys, and what nobody may have.
 */
#include "../tickproof.h"
#include <asm/ldt.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/keyctl.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

static long say(const char *what, long result) {
  printf("%s: %ld %d\n", what, result, result < 0 ? errno : 0);
  fflush(stdout);
  return result;
}

static void advises_pieces(void) {
  enum { COLD = 20, PAGES = 4 };
  char *memory = mmap(NULL, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  memset(memory, 7, PAGES * 4096);
  const int self = syscall(SYS_pidfd_open, getpid(), 0);
  struct iovec pieces[] = {{memory, 4096}, {memory + 2 * 4096, 4096}, {memory + 1, 4096}};
  say("cold", syscall(SYS_process_madvise, self, pieces, 2, COLD, 0));
  /* Kernels before 6.13 advise others only, and nothing that changes memory. */
  say("not needed", syscall(SYS_process_madvise, self, pieces, 2, MADV_DONTNEED, 0));
  for (int i = 0; i < PAGES; i++) printf("page %d: %d\n", i, memory[i * 4096]);
  memset(memory, 8, PAGES * 4096);
  say("free, and a bad piece", syscall(SYS_process_madvise, self, pieces, 3, MADV_DONTNEED, 0));
  for (int i = 0; i < PAGES; i++) printf("page %d: %d\n", i, memory[i * 4096]);
  say("flags", syscall(SYS_process_madvise, self, pieces, 2, COLD, 1));
  say("no process", syscall(SYS_process_madvise, -1, pieces, 2, COLD, 0));
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) for (;;) pause();
  const int other = syscall(SYS_pidfd_open, child, 0);
  say("another's", syscall(SYS_process_madvise, other, pieces, 2, COLD, 0));
  say("another's, with effect", syscall(SYS_process_madvise, other, pieces, 2, MADV_DONTNEED, 0));
  kill(child, SIGKILL);
  CHECK(wait(NULL) == child);
  say("nobody's", syscall(SYS_process_madvise, other, pieces, 2, COLD, 0));
}

static int through_segment(int entry, int offset) {
  const unsigned short selector = entry << 3 | 7;
  int value;
  __asm__ volatile("mov %1, %%gs\nmovl %%gs:(%2), %0" : "=r"(value) : "r"(selector), "r"((long)offset));
  return value;
}

static void segments(void) {
  int *low = mmap((void *)0x20000000, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  CHECK(low != MAP_FAILED);
  for (int i = 0; i < 1024; i++) low[i] = i * 3;
  struct user_desc segment = {.entry_number = 1, .base_addr = (uintptr_t)low, .limit = 0xfffff, .seg_32bit = 1, .limit_in_pages = 1, .useable = 1};
  if (say("a segment", syscall(SYS_modify_ldt, 0x11, &segment, sizeof(segment))) != 0) return;
  printf("through it: %d\n", through_segment(1, 400));
  segment.entry_number = 2;
  segment.base_addr += 40;
  say("another one", syscall(SYS_modify_ldt, 1, &segment, sizeof(segment)));
  printf("through it: %d\n", through_segment(2, 400));
  char table[64] = "";
  say("all of them", syscall(SYS_modify_ldt, 0, table, sizeof(table)));
  uint64_t hash = 0;
  for (unsigned i = 0; i < sizeof(table); i++) hash = mix(hash, table[i]);
  printf("%lx\n", hash);
  fflush(stdout);
  if (fork() == 0) {
    printf("a child's: %d\n", through_segment(2, 80));
    fflush(stdout);
    _exit(0);
  }
  wait(NULL);
  say("no segment", syscall(SYS_modify_ldt, 1, &segment, 3));
  say("of threads", syscall(SYS_set_thread_area, &segment));
}

static void executed_segment(void) {
  static const unsigned char returns[] = {0xb8, 42, 0, 0, 0, 0xc3};
  const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0700);
  unsigned char *writable = shmat(id, NULL, 0);
  memcpy(writable, returns, sizeof(returns));
  int (*const executable)(void) = (int (*)(void))shmat(id, NULL, SHM_EXEC);
  CHECK((long)executable != -1);
  printf("executed: %d\n", executable());
  for (int i = 0; i < 3; i++) {
    writable[1]++;
    printf("executed: %d\n", executable());
  }
  say("detached", shmdt((void *)executable));
  say("detached", shmdt(writable));
  shmctl(id, IPC_RMID, NULL);
}

static void keys(void) {
  char capabilities[64];
  memset(capabilities, 9, sizeof(capabilities));
  say("capabilities", syscall(SYS_keyctl, KEYCTL_CAPABILITIES, capabilities, sizeof(capabilities)));
  printf("behind them: %d\n", capabilities[63]);
  const long key = syscall(SYS_add_key, "user", "tickproof:key", "payload", 7, KEY_SPEC_PROCESS_KEYRING);
  char text[16] = "";
  if (key > 0) say("read", syscall(SYS_keyctl, KEYCTL_READ, key, text, sizeof(text)));
  printf("%s\n", text);
}

/* Memory that nobody else can read: the program can. */
static void secrets(void) {
  const int fd = syscall(SYS_memfd_secret, 0);
  printf("a secret: %d\n", fd >= 0);
  say("no flags", syscall(SYS_memfd_secret, 77));
  if (fd < 0) return;
  say("long", ftruncate(fd, 4096));
  char *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  CHECK(memory != MAP_FAILED);
  strcpy(memory, "hidden");
  fflush(stdout);
  say("told", write(1, memory, 6));
  unsigned long told[64] = {0};
  printf("auxiliary: %d\n", syscall(SYS_prctl, 0x41555856 /* PR_GET_AUXV */, told, sizeof(told), 0, 0) > 0);
  for (int i = 0; i < 64; i += 2)
    if (told[i] == 6 /* AT_PAGESZ */) printf("page: %lu\n", told[i + 1]);
}

static void nobodys(void) {
  say("keys of memory", syscall(SYS_pkey_alloc, 0, 0));
  say("no ports", syscall(SYS_ioperm, 0x80, 1, 0));
  say("no level", syscall(SYS_iopl, 9));
  say("no kernel", syscall(SYS_kexec_load, 0, 9999, NULL, 0));
  const int packets = socket(AF_PACKET, SOCK_DGRAM, 0);
  struct tpacket_req none = {0};
  if (packets >= 0) say("no ring", setsockopt(packets, SOL_PACKET, PACKET_RX_RING, &none, sizeof(none)));
}

int main(void) {
  advises_pieces();
  segments();
  executed_segment();
  keys();
  secrets();
  nobodys();
  return succeed();
}
