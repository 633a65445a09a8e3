/* A thread waits for a condition that nobody signals, while main counts for as many turns as it is told. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static volatile unsigned long turns;

static void *waits(void *argument)
{
	pthread_mutex_lock(&mutex);
	pthread_cond_wait(&condition, &mutex);
	return argument;
}

static void counts(unsigned long end)
{
	while (turns < end)
		turns++;
}

int main(int argc, char **argv)
{
	pthread_t waiting;
	pthread_create(&waiting, NULL, waits, NULL);
	puts("ready");
	fflush(stdout);
	counts(argc > 1 ? strtoul(argv[1], NULL, 10) : 1000);
	return 0;
}
