import { tried } from "./_attempt.ts";

/** Both engines let the kernel stop programs at those system calls only that can't be done without a stop. */
export const seccomp = tried({
  name: "seccomp",
  title: "seccomp filters can stop for the tracer",
  measures: "seccomp(SECCOMP_GET_ACTION_AVAIL, SECCOMP_RET_TRACE)",
  source: "Linux 6.18, kernel/seccomp.c, seccomp_get_action_avail; seccomp(2); CONFIG_SECCOMP_FILTER",
  engines: ["rr"],
  limits: ["embedded"],
  remedy: "use a kernel with CONFIG_SECCOMP_FILTER, and a container whose profile permits seccomp",
});
