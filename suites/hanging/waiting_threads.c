/* Three threads that never end: one joins, one waits for a condition that nobody signals, one spins. */
#include <pthread.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static volatile unsigned long turns;

static void *waits(void *argument)
{
	pthread_mutex_lock(&mutex);
	pthread_cond_wait(&condition, &mutex);
	return argument;
}

static void *spins(void *argument)
{
	for (;;)
		turns++;
	return argument;
}

int main(void)
{
	pthread_t waiting, spinning;
	pthread_create(&waiting, NULL, waits, NULL);
	pthread_create(&spinning, NULL, spins, NULL);
	puts("ready");
	fflush(stdout);
	pthread_join(waiting, NULL);
	return 0;
}
