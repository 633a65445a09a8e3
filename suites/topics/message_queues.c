/* POSIX message queues: priorities, a full and an empty queue, waiting with a time, and a signal for the
 * first message. */
#include "../tickproof.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/wait.h>

static volatile sig_atomic_t told;

static void tell(int signal, siginfo_t *info, void *context) {
  (void)signal, (void)context;
  CHECK(info->si_code == SI_MESGQ && info->si_value.sival_int == 77);
  told++;
}

int main(void) {
  char name[64], text[64];
  snprintf(name, sizeof(name), "/tickproof-%d", getpid());
  struct mq_attr attributes = {.mq_maxmsg = 4, .mq_msgsize = sizeof(text)};
  const mqd_t queue = mq_open(name, O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK, 0600, &attributes);
  if (queue == (mqd_t)-1 && errno == ENOSYS) return succeed();
  CHECK(queue != (mqd_t)-1);
  CHECK(mq_unlink(name) == 0);
  CHECK(mq_receive(queue, text, sizeof(text), NULL) < 0 && errno == EAGAIN);
  handle(SIGUSR1, tell, 0);
  struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 77};
  CHECK(mq_notify(queue, &event) == 0);
  for (unsigned i = 0; i < 4; i++) {
    snprintf(text, sizeof(text), "message %u", i);
    CHECK(mq_send(queue, text, strlen(text) + 1, i % 2) == 0);
  }
  CHECK(told == 1);
  CHECK(mq_send(queue, text, 1, 0) < 0 && errno == EAGAIN);
  const unsigned order[] = {1, 3, 0, 2};
  for (unsigned i = 0; i < 4; i++) {
    unsigned priority;
    CHECK(mq_receive(queue, text, sizeof(text), &priority) > 0);
    CHECK(priority == order[i] % 2 && (unsigned)(text[8] - '0') == order[i]);
    puts(text);
  }
  attributes.mq_flags = 0;
  CHECK(mq_setattr(queue, &attributes, NULL) == 0);
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    usleep(1000);
    _exit(mq_send(queue, "late", 5, 9) == 0 ? 0 : 1);
  }
  CHECK(mq_receive(queue, text, sizeof(text), NULL) == 5 && strcmp(text, "late") == 0);
  int status;
  CHECK(waitpid(child, &status, 0) == child && status == 0);
  struct timespec end;
  clock_gettime(CLOCK_REALTIME, &end);
  end.tv_nsec += 1000000;
  if (end.tv_nsec >= 1000000000) end.tv_sec++, end.tv_nsec -= 1000000000;
  CHECK(mq_timedreceive(queue, text, sizeof(text), NULL, &end) < 0 && errno == ETIMEDOUT);
  CHECK(mq_close(queue) == 0);
  return succeed();
}
