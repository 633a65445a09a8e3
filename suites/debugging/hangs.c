/* Hangs of several kinds, each in every run: the first argument says which. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static pthread_mutex_t left = PTHREAD_MUTEX_INITIALIZER, right = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t both;

static void *takes_right(void *unused) {
  pthread_mutex_lock(&right);
  pthread_barrier_wait(&both);
  pthread_mutex_lock(&left);
  return unused;
}

/* Two threads, two locks. */
static void deadlock(void) {
  pthread_t other;
  pthread_barrier_init(&both, NULL, 2);
  pthread_mutex_lock(&left);
  pthread_create(&other, NULL, takes_right, NULL);
  pthread_barrier_wait(&both);
  pthread_mutex_lock(&right);
}

static void *signals(void *unused) {
  pthread_cond_signal(&changed);
  return unused;
}

/* Woken before it sleeps. */
static void lost(void) {
  pthread_t other;
  pthread_create(&other, NULL, signals, NULL);
  pthread_join(other, NULL);
  pthread_mutex_lock(&left);
  pthread_cond_wait(&changed, &left);
}

/* A child is born with a lock that only its parent could give back. */
static void inherited(void) {
  pthread_mutex_lock(&left);
  if (fork() == 0) pthread_mutex_lock(&left);
  wait(NULL);
}

static void handler(int signal) {
  (void)signal;
  pthread_mutex_lock(&left);
}

/* A handler takes what it has broken into. */
static void handled(void) {
  signal(SIGUSR1, handler);
  pthread_mutex_lock(&left);
  raise(SIGUSR1);
}

int main(int count, char **arguments) {
  const char *kind = count > 1 ? arguments[1] : "";
  if (strcmp(kind, "deadlock") == 0) deadlock();
  if (strcmp(kind, "lost") == 0) lost();
  if (strcmp(kind, "inherited") == 0) inherited();
  if (strcmp(kind, "handled") == 0) handled();
  return 0;
}
