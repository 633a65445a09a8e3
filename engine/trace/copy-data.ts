/**
 * Copies of files that may be mostly holes: programs make files of terabytes to map a few pages of them. Only what
 * has been written is read and written again.
 */
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { nextData, nextHole } from "../../ffi/mod.ts";

const PIECE = 1 << 20;

/**
 * Makes one file hold what another one does.
 *
 * @param source Path of the file to read.
 * @param target Descriptor of an empty file that can be written.
 * @param size Bytes of the file, holes included.
 */
export function copyData(source: string, target: number, size: number): void {
  const from = openSync(source, "r");
  try {
    ftruncateSync(target, size);
    const piece = new Uint8Array(Math.min(PIECE, Math.max(size, 1)));
    let at = nextData(from, 0);
    while (at !== undefined && at < size) {
      const end = Math.min(size, nextHole(from, at));
      while (at < end) {
        const count = readSync(from, piece, 0, Math.min(piece.length, end - at), at);
        if (count === 0) return;
        for (let done = 0; done < count; ) done += writeSync(target, piece, done, count - done, at + done);
        at += count;
      }
      at = nextData(from, at);
    }
  } finally {
    closeSync(from);
  }
}

/** Whether a file takes so little room that it must have holes. */
export function isSparse({ size, blocks }: { size: number; blocks: number }): boolean {
  return size > PIECE && blocks * 512 < size / 2;
}
