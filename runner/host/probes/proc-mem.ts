import { tried } from "./_attempt.ts";

/** The engines read and write the memory of traced programs through this file, whatever its protection. */
export const procMem = tried({
  name: "proc-mem",
  title: "memory of traced programs can be rewritten (/proc/PID/mem)",
  measures: "read and write the stack of a traced child through /proc/PID/mem",
  source: "Linux 6.18, fs/proc/base.c, mem_rw and proc_mem_foll_force; proc_pid_mem(5)",
  engines: ["embedded", "rr"],
  needs: { ptrace: "yes" },
  remedy:
    "mount /proc, and use a kernel that lets tracers write to it (boot without proc_mem.force_override=never)",
});
