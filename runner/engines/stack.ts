/** Stacks with names: unwound from what a task has left, by the trace's own copies of the files that were mapped. */
import { existsSync } from "node:fs";
import type { StackState } from "../../engine/mod.ts";
import { TraceReader } from "../../engine/trace/mod.ts";
import type { Crash } from "../results/mod.ts";
import { symbolizeInlined, unwind } from "../symbols/mod.ts";

/** Frames that are shown, and that are counted beyond them. */
export const FRAMES = 24;
const MOST_FRAMES = 4096;

/**
 * The frames of a task, with their names; the callers of main are left out.
 *
 * @param files The trace's copies of files, by their index.
 * @returns The innermost first; only the first {@link FRAMES} have their places.
 */
export function framesOf({ registers, stack, text }: StackState, files: readonly string[]): Crash["frames"] {
  const bytes = Buffer.from(stack.base64, "base64");
  const found = unwind(
    {
      registers: Object.fromEntries(Object.entries(registers).map(([name, value]) => [name, BigInt(value)])),
      text: text.map(({ file, path, ...place }) => ({ ...place, path: files[file] ?? path })),
      read: (address) => {
        const at = Number(address) - stack.address;
        return at >= 0 && at + 8 <= bytes.length ? bytes.readBigUInt64LE(at) : undefined;
      },
    },
    MOST_FRAMES,
  );
  const mapped = found.map(({ pc, called }) => {
    const at = Number(pc) - (called ? 1 : 0);
    const area = text.find(({ start, end }) => start <= at && at < end);
    if (area === undefined) return undefined;
    return { path: area.path, offset: area.offset + (at - area.start), stored: files[area.file] };
  });
  // Deep recursion has the same few places again and again.
  const shown = mapped.slice(0, FRAMES).filter((place) => place !== undefined);
  const names = symbolizeInlined(shown).values();
  const frames = found.flatMap(({ pc: at }, i): Crash["frames"] => {
    const pc = `0x${at.toString(16)}`;
    const places = mapped[i] === undefined || i >= FRAMES ? undefined : names.next().value;
    // A function that was inlined has no frame of its own, but is one to whoever reads.
    return places ? places.map((place) => ({ pc, place })) : [{ pc }];
  });
  // What has called main is the same in all programs.
  const main = frames.findIndex(({ place }) => place?.symbol === "main");
  return main < 0 ? frames : frames.slice(0, main + 1);
}

/** The trace's copies of files, by their index. */
export function storedFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const reader = TraceReader.open(directory);
  try {
    return reader.files.map((_, index) => reader.filePath(index));
  } finally {
    reader.close();
  }
}
