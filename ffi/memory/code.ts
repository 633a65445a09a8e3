/** Machine code made callable: a listing goes in, the addresses of its labels come out. */

import { MAP, PROT, retry, SYSCALLS, unwrap, viewMemory } from "../kernel/mod.ts";
import { encodeListing, parseListing } from "../stubs/listing.ts";

/**
 * Maps machine code: written first, executable then, never both at once.
 *
 * @returns Its address. Whoever maps code for a while only unmaps it, with the length that it had.
 * @throws SyscallError when the kernel refuses the mapping.
 */
export function mapCode(code: Uint8Array): number {
  const protection = PROT.READ | PROT.WRITE;
  const address = unwrap(
    "mmap",
    retry(SYSCALLS.mmap, 0, code.length, protection, MAP.PRIVATE | MAP.ANONYMOUS, -1, 0),
  );
  new Uint8Array(viewMemory(address, code.length)).set(code);
  unwrap("mprotect", retry(SYSCALLS.mprotect, address, code.length, PROT.READ | PROT.EXEC));
  return address;
}

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
  const address = mapCode(encodeListing(listing, literals));
  return (label) => {
    const offset = listing.labels.get(label);
    if (offset === undefined) throw new ReferenceError(`Cannot find label "${label}" in a listing`);
    return address + offset;
  };
}
