/* Cancellation: threads that are asked to end in a call or at a point, their cleanups in order, keys and
 * their destructors. */
#include "../tickproof.h"

#include <errno.h>

static char trail[64];
static pthread_key_t key;
static int ends[2];

static void leave(void *letter) { strncat(trail, letter, 1); }
static void destroy(void *letter) { strncat(trail, letter, 1); }

static void *blocked(void *unused) {
  (void)unused;
  CHECK(pthread_setspecific(key, "k") == 0);
  pthread_cleanup_push(leave, "a");
  pthread_cleanup_push(leave, "b");
  char letter;
  CHECK(read(ends[0], &letter, 1) == 1);
  CHECK(!"not reached");
  pthread_cleanup_pop(1);
  pthread_cleanup_pop(1);
  return NULL;
}

static void *busy(void *unused) {
  (void)unused;
  int old;
  CHECK(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old) == 0);
  pthread_cleanup_push(leave, "c");
  for (volatile int i = 0; i < 1000000; i++)
    if (i % 1000 == 0) pthread_testcancel();
  CHECK(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old) == 0);
  for (;;) pthread_testcancel();
  pthread_cleanup_pop(1);
  return NULL;
}

static void *endless(void *started) {
  int old;
  CHECK(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old) == 0);
  __atomic_store_n((int *)started, 1, __ATOMIC_RELEASE);
  for (;;) {
  }
}

static void end(pthread_t thread) {
  void *result;
  CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

int main(void) {
  pthread_t thread;
  CHECK(pipe(ends) == 0 && pthread_key_create(&key, destroy) == 0);
  CHECK(pthread_create(&thread, NULL, blocked, NULL) == 0);
  usleep(500);
  end(thread);
  CHECK(pthread_create(&thread, NULL, busy, NULL) == 0);
  end(thread);
  int started = 0;
  CHECK(pthread_create(&thread, NULL, endless, &started) == 0);
  while (!__atomic_load_n(&started, __ATOMIC_ACQUIRE)) sched_yield();
  end(thread);
  puts(trail);
  CHECK(strcmp(trail, "bakc") == 0 || strcmp(trail, "c") == 0 || strcmp(trail, "kc") == 0);
  return succeed();
}
