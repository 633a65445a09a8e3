import { tried } from "./_attempt.ts";

/** Replay answers system calls itself: the kernel must leave them out. Some sandboxes lack it. */
export const ptraceSysemu = tried({
  name: "ptrace-sysemu",
  title: "system calls can be left out (PTRACE_SYSEMU)",
  measures: "let a traced child run to its first system call by PTRACE_SYSEMU",
  source: "Linux 6.18, kernel/ptrace.c, ptrace_resume; ptrace(2), PTRACE_SYSEMU",
  engines: ["embedded", "rr"],
  needs: { ptrace: "yes" },
  remedy: "use a kernel that has it: gVisor and other kernels in user space lack it",
});
