/** Machine code made callable: a listing goes in, the addresses of its labels come out. */

import { unwrap } from "./error.ts";
import { encodeListing, parseListing } from "./listing.ts";
import { MAP, PROT } from "./mman.ts";
import { viewMemory } from "./native.ts";
import { SYSCALLS } from "./numbers.ts";
import { rawSyscall } from "./raw.ts";

/**
 * Maps a listing as executable memory; it stays for the life of the process.
 *
 * @param source The listing; see `listing.ts`.
 * @param literals Values of its literals.
 * @returns Function from a label to its address; it throws ReferenceError for a label that is not there.
 * @throws SyscallError when the kernel refuses the mapping.
 */
export function loadCode(
  source: string,
  literals: Readonly<Record<string, number>> = {},
): (label: string) => number {
  const listing = parseListing(source);
  const protection = PROT.READ | PROT.WRITE;
  const address = unwrap(
    "mmap",
    rawSyscall(SYSCALLS.mmap, 0, listing.size, protection, MAP.PRIVATE | MAP.ANONYMOUS, -1, 0),
  );
  new Uint8Array(viewMemory(address, listing.size)).set(encodeListing(listing, literals));
  unwrap("mprotect", rawSyscall(SYSCALLS.mprotect, address, listing.size, PROT.READ | PROT.EXEC));
  return (label) => {
    const offset = listing.labels.get(label);
    if (offset === undefined) throw new ReferenceError(`Cannot find label "${label}" in a listing`);
    return address + offset;
  };
}
