/** What a program writes to its standard output and error: hashed while recording, shown and checked in replay. */
import type { MemoryRange } from "../kernel/mod.ts";

type Read = (address: number, length: number) => Uint8Array;

/** The bytes of some ranges of a program's memory, in one piece; good until that memory is read again. */
export function collect(ranges: readonly MemoryRange[], read: Read): Uint8Array {
  const [only] = ranges;
  if (only && ranges.length === 1) return read(only.address, only.length);
  return Buffer.concat(ranges.map(({ address, length }) => read(address, length).slice()));
}

/** Hash of what was written, as a syscall event keeps it. */
export function hashOutput(bytes: Uint8Array): bigint {
  return Bun.hash.wyhash(bytes);
}
