import { tried } from "./_attempt.ts";

/** Both engines stand on ptrace; containers and Yama's levels 2 and 3 forbid it. */
export const ptrace = tried({
  name: "ptrace",
  title: "programs can be traced",
  measures: "start a traced child, set PTRACE_O_EXITKILL, and read its registers",
  source: "Linux 6.18, kernel/ptrace.c, ptrace_traceme; ptrace(2); Documentation/admin-guide/LSM/Yama.rst",
  engines: ["embedded", "rr"],
  remedy:
    "in a container add --cap-add=SYS_PTRACE and a seccomp profile that permits ptrace; on a host sysctl kernel.yama.ptrace_scope=1",
});
