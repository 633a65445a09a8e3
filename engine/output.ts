/** What a program writes to its standard output and error: hashed while recording, shown and checked in replay. */
import type { MemoryRange } from "./kernel/mod.ts";

type Read = (address: number, length: number) => Uint8Array;

/** The bytes of some ranges of a program's memory, in one piece. */
export function collect(ranges: readonly MemoryRange[], read: Read): Uint8Array {
  const parts = ranges.map(({ address, length }) => read(address, length).slice());
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Hash of the bytes of some ranges, as a syscall event keeps it. */
export function hashOutput(ranges: readonly MemoryRange[], read: Read): bigint {
  return Bun.hash.wyhash(collect(ranges, read));
}
