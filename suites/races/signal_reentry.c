/* A handler of a signal does what the code that it breaks into is in the middle of: a list loses a member. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

enum { MEMBERS = 60, SIGNALS = 20 };
struct member { struct member *next; };
static struct member members[MEMBERS + SIGNALS];
static struct member *volatile list;
static volatile int used;
static volatile int handled;

static void add(void) {
  struct member *mine = &members[used]; /* 1 */
  used = used + 1; /* 2 */
  mine->next = list; /* 1 */
  list = mine; /* 2 */
}

static void handler(int signal) {
  (void)signal;
  add();
  handled++;
}

static void *sends(void *to) {
  for (int i = 0; i < SIGNALS; i++) pthread_kill(*(pthread_t *)to, SIGUSR1);
  return NULL;
}

int main(void) {
  pthread_t self = pthread_self(), sender;
  struct sigaction action = { .sa_handler = handler };
  sigaction(SIGUSR1, &action, NULL);
  pthread_create(&sender, NULL, sends, &self);
  for (int i = 0; i < MEMBERS; i++) {
    add();
    for (volatile int k = 0; k < 20; k++)
      ;
  }
  pthread_join(sender, NULL);
  int found = 0;
  for (struct member *at = list; at != NULL && found <= MEMBERS + SIGNALS; at = at->next) found++;
  if (found == MEMBERS + handled) return 0;
  fprintf(stderr, "%d of %d members are in the list\n", found, MEMBERS + handled);
  return 1;
}
