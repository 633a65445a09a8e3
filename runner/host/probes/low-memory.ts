import { USUAL_BASE } from "../../../engine/translate/context.ts";
import { tried } from "./_attempt.ts";

/** The engine's context lies where every instruction reaches it with an absolute address: at 64 KiB. */
export const lowMemory = tried({
  name: "low-memory",
  title: "the engine's context fits below all programs",
  measures: `mmap(MAP_FIXED_NOREPLACE) of a page at 0x${USUAL_BASE.toString(16)}`,
  source:
    "Linux 6.18, security/commoncap.c, cap_mmap_addr; Documentation/admin-guide/sysctl/vm.rst, mmap_min_addr",
  engines: ["embedded"],
  remedy: `sysctl vm.mmap_min_addr=${USUAL_BASE} (or less)`,
});
