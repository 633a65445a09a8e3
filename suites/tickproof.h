/* What the suites' programs share: checks that name the line, a mixer for values, one token of success. */
#ifndef TICKPROOF_H
#define TICKPROOF_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Ends the program with what was wrong; on in every build, since a test that doesn't check is none. */
#define CHECK(condition)                                                                       \
  do {                                                                                         \
    if (!(condition)) {                                                                        \
      fprintf(stderr, "%s:%d: check failed: %s\n", __FILE__, __LINE__, #condition);            \
      exit(1);                                                                                 \
    }                                                                                          \
  } while (0)

/* Folds a value into a hash whose result depends on the order of all values before it. */
static inline uint64_t mix(uint64_t hash, uint64_t value) {
  return (hash ^ value) * 0x100000001b3u + 0x9e3779b97f4a7c15u;
}

/* Installs a handler that gets the siginfo. */
static inline void handle(int signal, void (*handler)(int, siginfo_t *, void *), int flags) {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  CHECK(sigaction(signal, &action, NULL) == 0);
}

/* The last line of a program that did what it should. */
static inline int succeed(void) {
  puts("EXIT-SUCCESS");
  return 0;
}

#endif
