/* A thread is started before what it uses is there. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char *volatile name;
static size_t length;

static void *reads(void *unused) {
  length = strlen(name); /* 1 */
  return unused;
}

int main(void) {
  pthread_t reader;
  pthread_create(&reader, NULL, reads, NULL);
  name = strdup("a name"); /* 2 */
  pthread_join(reader, NULL);
  return length == 6 ? 0 : 1;
}
