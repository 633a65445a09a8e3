import { tried } from "./_attempt.ts";

/** A way to the memory of a traced program that respects its protection; the engines do with /proc/PID/mem. */
export const processVm = tried({
  name: "process-vm",
  title: "memory of other processes can be read and written at once",
  measures: "process_vm_readv and process_vm_writev on a traced child",
  source:
    "Linux 6.18, mm/process_vm_access.c, process_vm_rw; process_vm_readv(2); CONFIG_CROSS_MEMORY_ATTACH",
  kind: "fact",
  needs: { ptrace: "yes" },
  remedy:
    "use a kernel with CONFIG_CROSS_MEMORY_ATTACH, and a container that permits the call (--cap-add=SYS_PTRACE)",
});
