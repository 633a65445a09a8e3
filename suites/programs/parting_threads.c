/* Ends of threads and processes: leaders that go before their threads, exit_group from anywhere, and SIGKILL in
 * whatever a process does. */
#include "../tickproof.h"
#include <sys/wait.h>

enum { LEADER_EXITS, THREAD_EXITS, LEADER_SPINS, LEADER_SLEEPS, KILLS_ITSELF, LEADER_LEFT, FAULTS, ABORTS, WAYS };

static pthread_mutex_t locked = PTHREAD_MUTEX_INITIALIZER;
static pthread_t leader;
static volatile uint64_t turns[2];
static volatile int handled;
static volatile int *volatile nowhere;

static void on_user(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  (void)context;
  handled++;
}

static void *busy(void *argument) {
  long kind = (long)argument;
  if (kind == 0)
    for (;;) turns[0]++;
  if (kind == 1)
    for (;;) getppid();
  if (kind == 2) pthread_mutex_lock(&locked);
  for (;;) pause();
  return NULL;
}

/* The last thread of a process without a leader still gets its signals, makes children, and ends it. */
static void *heir(void *argument) {
  int status;
  CHECK(pthread_join(leader, NULL) == 0);
  pid_t child = fork();
  if (child == 0) _exit(9);
  CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 9);
  for (int i = 1; i <= 3; i++) {
    CHECK(kill(getpid(), SIGUSR1) == 0);
    while (handled < i);
  }
  printf("heir: %d signals\n", handled);
  fflush(stdout);
  if (argument) exit(30);
  return NULL;
}

static void *leave(void *argument) {
  (void)argument;
  usleep(2000);
  exit(20);
}

static void run(int way) {
  pthread_t thread;
  leader = pthread_self();
  handle(SIGUSR1, on_user, 0);
  if (way == LEADER_LEFT) {
    for (long i = 0; i < 2; i++) {
      pid_t child = fork();
      int status;
      if (child == 0) {
        leader = pthread_self();
        CHECK(pthread_create(&thread, NULL, heir, (void *)i) == 0);
        pthread_exit(NULL);
      }
      CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == (i ? 30 : 0));
    }
    exit(0);
  }
  pthread_mutex_lock(&locked);
  for (long i = 0; i < 4; i++) CHECK(pthread_create(&thread, NULL, busy, (void *)i) == 0);
  if (way == THREAD_EXITS) CHECK(pthread_create(&thread, NULL, leave, NULL) == 0);
  usleep(2000);
  if (way == LEADER_EXITS) exit(10);
  if (way == KILLS_ITSELF) kill(getpid(), SIGKILL);
  if (way == FAULTS) *nowhere = 1;
  if (way == ABORTS) abort();
  if (way == LEADER_SPINS)
    for (;;) turns[1]++;
  for (;;) pause();
}

int main(void) {
  for (int way = 0; way < WAYS; way++) {
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) run(way);
    usleep(5000);
    if (way == LEADER_SPINS || way == LEADER_SLEEPS) CHECK(kill(child, SIGKILL) == 0);
    CHECK(waitpid(child, &status, 0) == child);
    printf("%d: code %d, signal %d\n", way, WEXITSTATUS(status), WTERMSIG(status));
  }
  return succeed();
}
