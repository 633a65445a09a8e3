import { tried } from "./_attempt.ts";

/** Every process of a replay starts as a blank program, which is a file in memory only. */
export const memfd = tried({
  name: "memfd",
  title: "files in memory can be made and run from",
  measures: "memfd_create, and mmap of it with PROT_EXEC",
  source:
    "Linux 6.18, mm/memfd.c, memfd_create; memfd_create(2); Documentation/admin-guide/sysctl/vm.rst, memfd_noexec",
  engines: ["embedded"],
  remedy: "sysctl vm.memfd_noexec=0, and no policy (SELinux execmem) against executable mappings",
});
