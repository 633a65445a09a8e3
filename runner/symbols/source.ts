/** The lines of a source around one, where the file is still there. */
import { readFileSync, statSync } from "node:fs";

/** A line and those around it. */
export interface SourceExcerpt {
  /** Path as debug information has it. */
  file: string;
  /** The line that is meant, from 1. */
  line: number;
  lines: readonly { number: number; text: string }[];
}

/** Lines that are shown before and behind it. */
const AROUND = 3;
/** Larger files are no sources, and longer lines are cut. */
const MOST_BYTES = 16 << 20;
const MOST_LETTERS = 200;

/** Reads lines; undefined where there is no such file any more, or no such line in it. */
export function sourceAround(file: string, line: number): SourceExcerpt | undefined {
  let text: string;
  try {
    const { size } = statSync(file);
    if (!statSync(file).isFile() || size > MOST_BYTES) return undefined;
    text = readFileSync(file, "utf8");
  } catch {
    return undefined; // it was built elsewhere
  }
  const all = text.split("\n");
  if (line < 1 || line > all.length) return undefined;
  const first = Math.max(1, line - AROUND);
  const lines = all.slice(first - 1, line + AROUND).map((words, i) => ({
    number: first + i,
    text: words.slice(0, MOST_LETTERS),
  }));
  return { file, line, lines };
}
