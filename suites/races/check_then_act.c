/* Each access to an account holds its lock, but the look at it and the withdrawal are two accesses. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int balance = 100;

static int look(void) {
  pthread_mutex_lock(&lock);
  int seen = balance; /* 1 */
  pthread_mutex_unlock(&lock);
  return seen;
}

static void take(int amount) {
  pthread_mutex_lock(&lock);
  balance -= amount; /* 2 */
  pthread_mutex_unlock(&lock);
}

static void *withdraws(void *unused) {
  for (int i = 0; i < 15; i++)
    if (look() >= 10) take(10);
  return unused;
}

int main(void) {
  pthread_t one, two;
  pthread_create(&one, NULL, withdraws, NULL);
  pthread_create(&two, NULL, withdraws, NULL);
  pthread_join(one, NULL);
  pthread_join(two, NULL);
  if (balance >= 0) return 0;
  fprintf(stderr, "the account is at %d\n", balance);
  return 1;
}
