/** Which cells are shown: by the words in the filter box and by verdict. */
import type { Cell, PageData } from "../page-data.ts";

/** What is asked for. */
export interface Filter {
  /** Words that must all be in the test's id, the target or the reason. */
  words: string;
  /** A verdict, or "" for any. */
  verdict: string;
}

/** Cells that a filter lets through, in the order of the page. */
export function matching({ cells, tests, targets }: PageData, { words, verdict }: Filter): Cell[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return cells.filter((cell) => {
    if (verdict !== "" && cell.verdict !== verdict) return false;
    if (wanted.length === 0) return true;
    const { name = "", engine = "", kernel = "" } = targets[cell.target] ?? {};
    const text =
      `${tests[cell.test]} ${name} ${engine} ${kernel} ${cell.reason} ${cell.verdict}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
