/** Memory writes cut into pieces that fit into events: one system call may read more than a chunk of a trace holds. */
import type { MemoryWrite } from "../trace/events.ts";

/**
 * Cuts writes, in their order, into groups of at most `limit` bytes each.
 *
 * @returns At least one group, which may be empty.
 */
export function inPieces(writes: readonly MemoryWrite[], limit: number): MemoryWrite[][] {
  const groups: MemoryWrite[][] = [[]];
  let room = limit;
  for (const { address, bytes } of writes) {
    for (let at = 0; at < bytes.length || at === 0; ) {
      if (room === 0) {
        groups.push([]);
        room = limit;
      }
      const piece = bytes.subarray(at, at + room);
      groups[groups.length - 1]!.push({ address: address + at, bytes: piece });
      room -= piece.length;
      at += piece.length;
      if (bytes.length === 0) break;
    }
  }
  return groups;
}
