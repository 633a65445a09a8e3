import { tried } from "./_attempt.ts";

/** Whether two descriptors are one file is the kernel's to say: output must not be told twice. */
export const kcmp = tried({
  name: "kcmp",
  title: "descriptors of processes can be compared",
  measures: "kcmp(KCMP_FILE) on this process",
  source: "Linux 6.18, kernel/kcmp.c, kcmp; kcmp(2); CONFIG_KCMP",
  engines: [],
  limits: ["embedded", "rr"],
  remedy: "use a kernel with CONFIG_KCMP, and a container that permits the call (--cap-add=SYS_PTRACE)",
});
