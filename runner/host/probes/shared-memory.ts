import { tried } from "./_attempt.ts";

/** The code cache is memory that tracer and program share: System V segments, or files in memory where there are none. */
export const sharedMemory = tried({
  name: "shared-memory",
  title: "memory for the code cache can be shared and run from",
  measures: "shmget of 128 MiB and shmat with SHM_EXEC, or memfd_create and mmap with PROT_EXEC",
  source: "Linux 6.18, ipc/shm.c, newseg and do_shmat; shmget(2), shmop(2); CONFIG_SYSVIPC",
  engines: ["embedded"],
  remedy:
    "use a kernel with CONFIG_SYSVIPC and a container that permits shmget and shmat; raise kernel.shmmax, kernel.shmmni or kernel.shmall where they give too little",
});
