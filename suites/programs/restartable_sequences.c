/*
 * Restartable sequences (rseq): what registration says, what an area says of the processor, and sequences that are
 * aborted: by a signal, by the end of a slice, by another thread; and what is none, which kills.
 */
#include "../tickproof.h"
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/rseq.h>
#include <sys/wait.h>

enum { SIGNATURE = 0x53053053, OTHER = 0x11223344 };

/* linux/rseq.h of Linux 6.3; C libraries have an older one. */
struct restartable {
  unsigned cpu_id_start, cpu_id;
  unsigned long rseq_cs;
  unsigned flags, node_id, mm_cid, padding;
};

struct area { _Alignas(32) struct restartable own; char room[32]; };

static long rseq(void *area, unsigned size, int flags, unsigned signature) {
  return syscall(SYS_rseq, area, size, flags, signature) == 0 ? 0 : -errno;
}

static struct restartable *glibcs(void) { return (void *)((char *)__builtin_thread_pointer() + __rseq_offset); }

/* The area of a thread's C library is not the one that this is about. Threads of one without have none either. */
static void without_glibcs(void) {
  CHECK(__rseq_size > 0);
  if ((int)glibcs()->cpu_id < 0) return;
  CHECK(rseq(glibcs(), 32, RSEQ_FLAG_UNREGISTER, SIGNATURE) == 0);
}

static struct area mine;

/* Spins in a sequence until it is aborted. Says how often it went around, at least once. */
static unsigned long spin_until_aborted(struct restartable *area) {
  static struct rseq_cs section;
  unsigned long rounds = 0;
  __asm__ volatile goto(
      "lea 1f(%%rip), %%rax\n\t"
      "mov %%rax, %[start]\n\t"
      "lea 2f(%%rip), %%rcx\n\t"
      "sub %%rax, %%rcx\n\t"
      "mov %%rcx, %[length]\n\t"
      "lea 4f(%%rip), %%rax\n\t"
      "mov %%rax, %[abort]\n\t"
      "mov %[section], %[entered]\n"
      "1:\n\t"
      "incq %[rounds]\n\t"
      "cmpq $0, %[rounds]\n\t"
      "jne 1b\n"
      "2:\n\t"
      "jmp 5f\n\t"
      ".byte 0x0f, 0xb9, 0x3d\n\t"
      ".long 0x53053053\n"
      "4:\n\t"
      "jmp %l[aborted]\n"
      "5:\n"
      :
      : [start] "m"(section.start_ip), [length] "m"(section.post_commit_offset), [abort] "m"(section.abort_ip),
        [section] "r"(&section), [entered] "m"(area->rseq_cs), [rounds] "m"(rounds)
      : "rax", "rcx", "memory", "cc"
      : aborted);
  CHECK(!"the sequence has ended");
aborted:
  CHECK(rounds > 0);
  return rounds;
}

static void says(const char *what, long result) {
  printf("%s: %ld\n", what, result);
}

static void registers_and_forgets(void) {
  struct restartable *own = &mine.own;
  own->rseq_cs = 0x1234;
  own->flags = 0;
  says("flags", rseq(own, 32, 2, SIGNATURE));
  says("short", rseq(own, 31, 0, SIGNATURE));
  says("longer", rseq(own, 48, 0, SIGNATURE));
  says("forget longer", rseq(own, 48, RSEQ_FLAG_UNREGISTER, SIGNATURE));
  says("unaligned", rseq((char *)own + 8, 32, 0, SIGNATURE));
  says("nowhere", rseq((void *)64, 32, 0, SIGNATURE));
  says("null", rseq(NULL, 32, 0, SIGNATURE));
  says("above", rseq((void *)0xffff800000000000, 32, 0, SIGNATURE));
  void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  *(volatile char *)page;
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) _exit(-rseq(page, 32, 0, SIGNATURE));
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  says("not to be written", WTERMSIG(status));
  says("nothing to forget", rseq(own, 32, RSEQ_FLAG_UNREGISTER, SIGNATURE));
  says("register", rseq(own, 32, 0, SIGNATURE));
  printf("area: %d %d %d %d %d\n", own->cpu_id == own->cpu_id_start, (int)own->cpu_id >= 0, (int)own->rseq_cs,
         (int)own->node_id, (int)own->mm_cid);
  says("again", rseq(own, 32, 0, SIGNATURE));
  says("again, another signature", rseq(own, 32, 0, OTHER));
  says("again, another size", rseq(own, 64, 0, SIGNATURE));
  says("again, another area", rseq(page, 32, 0, SIGNATURE));
  says("forget another signature", rseq(own, 32, RSEQ_FLAG_UNREGISTER, OTHER));
  says("forget another size", rseq(own, 64, RSEQ_FLAG_UNREGISTER, SIGNATURE));
  says("forget another area", rseq(page, 32, RSEQ_FLAG_UNREGISTER, SIGNATURE));
  says("forget, and a flag", rseq(own, 32, 3, SIGNATURE));
  says("forget", rseq(own, 32, RSEQ_FLAG_UNREGISTER, SIGNATURE));
  printf("area: %d %d %d %d\n", (int)own->cpu_id_start, (int)own->cpu_id, (int)own->node_id, (int)own->mm_cid);
  says("register", rseq(own, 32, 0, SIGNATURE));
}

static void says_the_processor(void) {
  cpu_set_t all, one;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  int wrong = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &all)) continue;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    unsigned now, node;
    CHECK(syscall(SYS_getcpu, &now, &node, NULL) == 0);
    wrong += now != cpu || mine.own.cpu_id != cpu || mine.own.cpu_id_start != cpu || mine.own.node_id != node;
  }
  CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
  says("wrong processors", wrong);
}

static volatile int handled;
static void on_signal(int signal, siginfo_t *info, void *context) { handled++; }

static void is_aborted(void) {
  spin_until_aborted(&mine.own);
  CHECK(mine.own.rseq_cs == 0);
  puts("aborted by the end of a slice");
  handle(SIGALRM, on_signal, 0);
  const struct itimerval soon = {.it_value = {.tv_usec = 2000}};
  while (!handled) {
    CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    spin_until_aborted(&mine.own);
  }
  CHECK(mine.own.rseq_cs == 0);
  puts("aborted, and handled");
}

/* Increments a counter that threads share, without an atomic instruction: one processor, so a sequence is enough. */
static void *counts(void *at) {
  static _Thread_local struct rseq_cs section;
  static _Thread_local struct area area;
  volatile long *counter = at;
  without_glibcs();
  CHECK(rseq(&area.own, 32, 0, SIGNATURE) == 0);
  for (int i = 0; i < 20000; i++) {
    for (;;) {
      __asm__ volatile goto(
          "lea 1f(%%rip), %%rax\n\t"
          "mov %%rax, %[start]\n\t"
          "lea 2f(%%rip), %%rcx\n\t"
          "sub %%rax, %%rcx\n\t"
          "mov %%rcx, %[length]\n\t"
          "lea 4f(%%rip), %%rax\n\t"
          "mov %%rax, %[abort]\n\t"
          "mov %[section], %[entered]\n"
          "1:\n\t"
          "mov (%[counter]), %%rax\n\t"
          "mov $8, %%ecx\n"
          "3:\n\t"
          "dec %%ecx\n\t"
          "jnz 3b\n\t"
          "inc %%rax\n\t"
          "mov %%rax, (%[counter])\n"
          "2:\n\t"
          "jmp 5f\n\t"
          ".byte 0x0f, 0xb9, 0x3d\n\t"
          ".long 0x53053053\n"
          "4:\n\t"
          "jmp %l[again]\n"
          "5:\n"
          :
          : [start] "m"(section.start_ip), [length] "m"(section.post_commit_offset), [abort] "m"(section.abort_ip),
            [section] "r"(&section), [entered] "m"(area.own.rseq_cs), [counter] "r"(counter)
          : "rax", "rcx", "memory", "cc"
          : again);
      break;
    again:;
    }
  }
  CHECK(rseq(&area.own, 32, RSEQ_FLAG_UNREGISTER, SIGNATURE) == 0);
  return NULL;
}

static void counts_together(void) {
  cpu_set_t all, one;
  CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++) if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
  pthread_t threads[3];
  static long counter;
  for (int i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, counts, &counter) == 0);
  for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  says("counted together", counter);
  CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
}

/* Dies of a sequence that is none as soon as it is interrupted; no handler gets that. */
static void dies_of(const char *what, const struct rseq_cs *section, int flags) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    handle(SIGSEGV, on_signal, 0);
    handle(SIGUSR1, on_signal, 0);
    mine.own.flags = flags;
    mine.own.rseq_cs = (uintptr_t)section;
    kill(getpid(), SIGUSR1);
    _exit(handled);
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  printf("%s: %d %d\n", what, WTERMSIG(status), WEXITSTATUS(status));
}

static _Alignas(64) unsigned char text[64];

static void dies_of_what_is_none(void) {
  const uintptr_t start = (uintptr_t)text, all = 0x7ffff0000000;
  memcpy(text + 32, &(unsigned){SIGNATURE}, 4);
  const struct rseq_cs whole = {0, 0, start, 16, start + 36}, wrong = {0, 0, start, 16, start + 40},
      version = {1, 0, start, 16, start + 36}, within = {0, 0, start, 64, start + 36},
      high = {0, 0, ~0ul << 47, 16, start + 36}, nowhere = {0, 0, start, 16, 64},
      flags = {0, 1, 0, all, all + 4096};
  dies_of("elsewhere", &whole, 0);
  dies_of("signature", &wrong, 0);
  dies_of("version", &version, 0);
  dies_of("aborts within", &within, 0);
  dies_of("high", &high, 0);
  dies_of("aborts nowhere", &nowhere, 0);
  dies_of("no memory", (void *)8, 0);
  dies_of("no address", (void *)~0ul, 0);
  dies_of("flags, elsewhere", &whole, 1);
}

/* A child that shares no memory has the area too; one that does has none, nor has a new program its parent's. */
static void is_inherited(void) {
  fflush(stdout);
  int status;
  pid_t child = fork();
  if (child == 0) _exit(-rseq(&mine.own, 32, 0, SIGNATURE));
  CHECK(waitpid(child, &status, 0) == child);
  says("in a copy", WEXITSTATUS(status));
  child = vfork();
  if (child == 0) _exit(-rseq(&mine.own, 32, 0, SIGNATURE));
  CHECK(waitpid(child, &status, 0) == child);
  says("in a child that shares", WEXITSTATUS(status));
}

int main(int argc, char **argv) {
  printf("glibc: %d %d\n", (int)glibcs()->cpu_id >= 0, sched_getcpu() >= 0);
  if (argc > 1) return 0;
  without_glibcs();
  CHECK((int)glibcs()->cpu_id == RSEQ_CPU_ID_UNINITIALIZED);
  registers_and_forgets();
  says_the_processor();
  is_aborted();
  counts_together();
  dies_of_what_is_none();
  is_inherited();
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) execl("/proc/self/exe", argv[0], "executed", NULL);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  return succeed();
}
