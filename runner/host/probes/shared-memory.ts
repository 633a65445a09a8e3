import { tried } from "./_attempt.ts";

/** The code cache and the context are System V segments, which the tracer and the traced program attach. */
export const sharedMemory = tried({
  name: "shared-memory",
  title: "memory can be shared by number, and run from (System V)",
  measures: "shmget, and shmat with SHM_EXEC",
  source: "shmget(2), shmop(2); CONFIG_SYSVIPC",
  engines: ["embedded"],
  remedy:
    "use a kernel with CONFIG_SYSVIPC and a container that permits shmget and shmat; raise kernel.shmmni or kernel.shmall where none is left",
});
