/* How a record-and-replay tool keeps its place by counters, on a child of its own.
 *
 * A counter with a period, the interrupt counter, stops the child now and then, as if a signal came there; a clock
 * says how many conditional branches the child has come to. That is the recording. Then other children run to the
 * same places (they count their turns themselves, so the truth is known), as replay does it, and the clock has to show
 * what it showed then: one without an interrupt, as up to a system call, and one that the interrupt counter stops a
 * little before each place, as up to a signal.
 *
 *   measure    the clock is a second, checkpointed counter (IN_TXCP), which transactions can't disturb
 *   interrupt  the clock is the interrupt counter itself
 *   guard      the same, and a third counter of branches in transactions (IN_TX) ends it all once it has risen
 *
 * The second argument says what the child does in each turn: `plain` work, or work under an `elided` lock. With a third
 * one, `--force`, the guard warns and goes on. */
#include "counters.h"
#include <sys/mman.h>
#include <sys/wait.h>

enum { PLACES = 2, SLICES = 2, PERIOD = 1045007, SKID = 5000, PLAIN_WORK = 8, ELIDED_WORK = 500 };

/* What both processes see. */
struct shared {
  volatile uint64_t turns, limit;
  int lock;
};

struct place {
  uint64_t turns, clock;
};

struct tool {
  int interrupt, measure, in_tx;
};

static enum { MEASURE, INTERRUPT, GUARD } strategy;
static int elided, forced, warned;
static struct shared *shared;
static pid_t running;

/* No child outlives this process, however it ends. */
static void end_child(void) {
  if (running != 0) CHECK(kill(running, SIGKILL) == 0 && waitpid(running, NULL, 0) == running);
  running = 0;
}

/* Stops the calling process, without a branch of its own. */
static void stop(void) {
  long result, pid = getpid();
  __asm__ volatile("syscall" : "=a"(result) : "a"(SYS_kill), "D"(pid), "S"(SIGSTOP) : "rcx", "r11", "memory");
}

static void turn(void) {
  int taken = 1;
  if (elided) __asm__ volatile(".byte 0xf2\n\tlock; xchgl %0, %1" : "+r"(taken), "+m"(shared->lock) : : "memory");
  branches(elided ? ELIDED_WORK : PLAIN_WORK);
  if (elided) __asm__ volatile(".byte 0xf3\n\tmovl $0, %0" : "+m"(shared->lock) : : "memory");
}

static void child(void) {
  stop();
  for (;;) {
    while (shared->turns < shared->limit) {
      turn();
      shared->turns++;
    }
    stop();
  }
}

static void await_stop(pid_t pid) {
  int status;
  CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
}

static void go_on(pid_t pid) { CHECK(kill(pid, SIGCONT) == 0); }

static pid_t start(struct tool *tool) {
  shared->turns = 0;
  shared->limit = UINT64_MAX;
  const pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) child();
  running = pid;
  await_stop(pid);
  const uint64_t event = ticks_event();
  tool->interrupt = event ? open_counter(event, PERIOD, pid) : (errno = ENOENT, -1);
  require_counter(tool->interrupt, "no counter of conditional branches");
  CHECK(fcntl(tool->interrupt, F_SETSIG, SIGSTOP) == 0 && fcntl(tool->interrupt, F_SETOWN, pid) == 0);
  CHECK(fcntl(tool->interrupt, F_SETFL, O_ASYNC) == 0);
  tool->measure = tool->in_tx = -1;
  if (strategy == MEASURE) {
    tool->measure = open_transactional(event | IN_TXCP, pid);
    if (tool->measure < 0 && errno == EINVAL) puts("no transactions here: the plain counter is the clock");
    else require_counter(tool->measure, "no checkpointed counter (IN_TXCP)");
  } else if (strategy == GUARD) {
    /* Where there are none the counter would be a plain one. */
    tool->in_tx = has_transactions() ? open_transactional(event | IN_TX, pid) : (errno = EINVAL, -1);
    if (tool->in_tx < 0 && errno == EINVAL) puts("no transactions here: there is nothing to guard against");
    else require_counter(tool->in_tx, "no counter of branches in transactions (IN_TX)");
  }
  if (tool->measure >= 0) enable(tool->measure);
  if (tool->in_tx >= 0) enable(tool->in_tx);
  enable(tool->interrupt);
  return pid;
}

static void end(struct tool *tool) {
  end_child();
  const int counters[] = {tool->interrupt, tool->measure, tool->in_tx};
  for (int i = 0; i < 3; i++) CHECK(counters[i] < 0 || close(counters[i]) == 0);
}

static uint64_t clock_of(const struct tool *tool) {
  if (tool->in_tx >= 0) {
    const uint64_t in_tx = read_counter(tool->in_tx);
    if (in_tx > 0) {
      if (!warned++) printf("warning: %lu branches in transactions, which the clock can't be trusted with\n", in_tx);
      if (!forced) {
        printf("EXIT-STOPPED: %lu branches in transactions (--force goes on all the same)\n", in_tx);
        exit(2);
      }
    }
  }
  return read_counter(tool->measure >= 0 ? tool->measure : tool->interrupt);
}

static void record(struct place *places) {
  struct tool tool;
  const pid_t pid = start(&tool);
  for (int i = 0; i < PLACES; i++) {
    for (int slice = 0; slice < SLICES; slice++) {
      go_on(pid);
      await_stop(pid);
    }
    /* On to the end of the turn, whose place can be found again. */
    shared->limit = shared->turns + 1;
    go_on(pid);
    await_stop(pid);
    places[i] = (struct place){shared->turns, clock_of(&tool)};
    shared->limit = UINT64_MAX;
    printf("recorded: turn %lu at %lu\n", places[i].turns, places[i].clock);
  }
  end(&tool);
}

static void replay(const struct place *places, int interrupted) {
  struct tool tool;
  const pid_t pid = start(&tool);
  for (int i = 0; i < PLACES; i++) {
    const uint64_t now = clock_of(&tool);
    const int far = interrupted && places[i].clock > now + 2 * SKID;
    uint64_t ahead = far ? places[i].clock - now - SKID : UINT32_MAX;
    CHECK(ioctl(tool.interrupt, PERF_EVENT_IOC_PERIOD, &ahead) == 0);
    shared->limit = places[i].turns;
    do {
      go_on(pid);
      await_stop(pid);
    } while (shared->turns < places[i].turns);
    const uint64_t clock = clock_of(&tool);
    if (clock != places[i].clock) {
      printf("EXIT-DIVERGED: ticks mismatch at turn %lu: expected %lu, got %lu\n", places[i].turns,
             places[i].clock, clock);
      exit(1);
    }
  }
  end(&tool);
}

int main(int argc, char **argv) {
  struct place places[PLACES];
  forced = argc == 4 && strcmp(argv[3], "--force") == 0;
  CHECK(argc == 3 || forced);
  strategy = argv[1][0] == 'm' ? MEASURE : argv[1][0] == 'i' ? INTERRUPT : GUARD;
  elided = argv[2][0] == 'e';
  setvbuf(stdout, NULL, _IOLBF, 0);
  shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(shared != MAP_FAILED);
  CHECK(atexit(end_child) == 0);
  record(places);
  replay(places, 0);
  replay(places, 1);
  const struct place *last = &places[PLACES - 1];
  if (last->clock >= last->turns) return succeed();
  printf("EXIT-LOST: the clock says %lu after %lu turns\n", last->clock, last->turns);
  return 1;
}
