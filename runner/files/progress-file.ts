/** How far a recording has come, in a small file that its recorder overwrites now and then: 16 bytes, two numbers. */
import { openSync, readFileSync, writeSync } from "node:fs";

/** How often it is written at most. */
const EVERY_MS = 250;

/**
 * Opens a file for progress; the process keeps it open to its end.
 *
 * @param path The file, which is made.
 * @returns To be told of progress, as often as one likes.
 */
export function progressWriter(path: string): (events: number, ticks: () => number) => void {
  const file = openSync(path, "w");
  const numbers = new Float64Array(2);
  let next = 0;
  return (events, ticks) => {
    const now = performance.now();
    if (now < next) return;
    next = now + EVERY_MS;
    numbers[0] = events;
    numbers[1] = ticks();
    writeSync(file, numbers, 0, numbers.byteLength, 0);
  };
}

/** Reads it; undefined as long as nothing is in it. */
export function readProgress(path: string): { events: number; ticks: number } | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch {
    return undefined; // the recorder has not begun yet
  }
  if (bytes.length !== 16) return undefined;
  return { events: bytes.readDoubleLE(0), ticks: bytes.readDoubleLE(8) };
}
