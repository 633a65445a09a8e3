/* A stack without locks whose nodes come back: between the look at a node's successor and the exchange, the node was gone and is there again. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 3, ROUNDS = 200 };
struct node { struct node *next; atomic_int users; };
static struct node nodes[NODES];
static _Atomic(struct node *) top;

static void push(struct node *node) {
  struct node *old = atomic_load(&top);
  do node->next = old; /* 2 */
  while (!atomic_compare_exchange_weak(&top, &old, node)); /* 2 */
}

static struct node *pop(void) {
  struct node *old = atomic_load(&top);
  while (old != NULL && !atomic_compare_exchange_weak(&top, &old, old->next)) /* 1 */
    ;
  return old;
}

static void *takes(void *unused) {
  for (int i = 0; i < ROUNDS; i++) {
    struct node *one = pop(), *two = pop();
    for (int k = 0; k < 2; k++) {
      struct node *mine = k ? two : one;
      if (mine != NULL && atomic_fetch_add(&mine->users, 1) != 0) {
        fprintf(stderr, "two threads have one node\n");
        abort();
      }
    }
    if (one != NULL) { atomic_fetch_sub(&one->users, 1); push(one); }
    if (two != NULL) { atomic_fetch_sub(&two->users, 1); push(two); }
  }
  return unused;
}

int main(void) {
  pthread_t takers[3];
  for (int i = 0; i < NODES; i++) push(&nodes[i]);
  for (int i = 0; i < 3; i++) pthread_create(&takers[i], NULL, takes, NULL);
  for (int i = 0; i < 3; i++) pthread_join(takers[i], NULL);
  return 0;
}
