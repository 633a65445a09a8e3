/**
 * System calls on the address space.
 *
 * Those that replay has to do for real are `memory`; the others only ask, advise, or pin pages.
 *
 * Sources: section 2 of the manual pages; `mm/*.c` of Linux 6.18.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { argument, times, whole } from "../amounts.ts";
import { out } from "../areas.ts";
import { absent, all, calm, changesNothing, memory, plain, type Table } from "../entry.ts";

const PAGE = 4096;

/** One byte per page of the range in arguments 0 and 1. */
const RESIDENCY = whole(argument(1), PAGE, 1);

/** A mask of as many nodes as argument 2 says: whole 64-bit words. */
const NODE_MASK = whole(argument(2), 64, 8);

export const MEMORY: Table = calm(
  changesNothing({
    mmap: memory("map"),
    munmap: memory("unmap"),
    ...all(["mprotect", "pkey_mprotect"], memory("protect")),
    mremap: memory("move"),
    brk: memory("break"),
    madvise: memory("advise"),
    remap_file_pages: memory("remapFile"),
    ...all(["mlock", "mlock2"], memory("lock")),
    mlockall: memory("lockAll"),
    // It stops at the first page that is not mapped, and has written what came before.
    mincore: { writesAlways: [out(2, RESIDENCY)] },
    get_mempolicy: { writes: [out(0, 4), out(1, NODE_MASK)] },
    move_pages: { writesAlways: [out(4, times(argument(1), 4))] },

    process_madvise: memory("advisePieces"),
    map_shadow_stack: absent(ERRNO.ENOSYS, "the code cache keeps no shadow stack"),
    // As on a processor without them, which is what cpuid says.
    pkey_alloc: absent(ERRNO.EINVAL, "protection keys would stop the engine's own stores"),
    pkey_free: absent(ERRNO.EINVAL, "no protection key was allocated"),
    userfaultfd: absent(ERRNO.ENOSYS, "the recorder's reads would wait for the program to handle them"),
    ...plain(
      "mbind",
      "membarrier",
      "mseal",
      "migrate_pages",
      "msync",
      "munlock",
      "munlockall",
      "set_mempolicy",
      "set_mempolicy_home_node",
    ),
  }),
);
