/* Ends: what atexit and on_exit have to do, in order; buffers that are written last; threads that are still
 * busy. */
#include "../tickproof.h"

#include <sys/wait.h>

static void say(const char *text) { CHECK(write(1, text, strlen(text)) == (ssize_t)strlen(text)); }
static void first(void) { say("first "); }
static void second(int status, void *text) {
  if (status == 6) say(text);
}
static void quick(void) { say("quick\n"); }
__attribute__((destructor)) static void last(void) { say("last\n"); }

static void *work(void *unused) {
  (void)unused;
  for (volatile uint64_t value = 0; value < UINT64_MAX; value++) {
  }
  return NULL;
}

static int ended(int (*how)(void)) {
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(atexit(first) == 0 && on_exit(second, "second ") == 0 && at_quick_exit(quick) == 0);
    exit(how());
  }
  int status;
  CHECK(waitpid(child, &status, 0) == child);
  return status;
}

static int by_return(void) {
  printf("buffered ");
  return 6;
}
static int at_once(void) { _exit(2); }
static int quickly(void) { quick_exit(3); }
static int by_abort(void) { abort(); }
static void *by_thread(void *unused) {
  (void)unused;
  exit(4);
}
static int from_thread(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, by_thread, NULL) == 0);
  pthread_exit(NULL);
}

int main(void) {
  CHECK(WEXITSTATUS(ended(by_return)) == 6);
  CHECK(WEXITSTATUS(ended(at_once)) == 2);
  CHECK(WEXITSTATUS(ended(quickly)) == 3);
  CHECK(WEXITSTATUS(ended(from_thread)) == 4);
  CHECK(WTERMSIG(ended(by_abort)) == SIGABRT);
  return succeed();
}
