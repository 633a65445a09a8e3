/** How an output differs from the expected one, as lines of a unified diff. */

import type { Hunk, OutputDifference } from "../results/mod.ts";
import { counted } from "../text/mod.ts";
import { printable } from "./printable.ts";
import type { Style } from "./style.ts";

const PHASES = { native: "natively", record: "recorded", replay: "replayed", script: "found" } as const;

/** The lines, with a head that says what is on which side. */
export function diffLines({ stream, phase, against, hunks, more }: OutputDifference, style: Style): string[] {
  const left = style.good(`- expected: ${stream} of ${against}`);
  const right = style.bad(`+ found: ${stream}, ${PHASES[phase]}`);
  return [
    left,
    right,
    ...hunks.flatMap((hunk) => hunkLines(hunk, style)),
    ...(more > 0 ? [`and ${counted(more, "more line")} that differ`] : []),
  ].map((line) => `  ${line}`);
}

function hunkLines({ expectedStart, foundStart, lines }: Hunk, style: Style): string[] {
  const sides = (mark: string) =>
    lines.filter((line) => line.startsWith(" ") || line.startsWith(mark)).length;
  const head = `@@ -${expectedStart},${sides("-")} +${foundStart},${sides("+")} @@`;
  const shown = lines.map((line, at) => {
    const [mark, text] = [line[0], visible(line.slice(1))];
    const look = mark === "-" ? style.good : mark === "+" ? style.bad : style.dim;
    const other = partner(lines, at);
    return other === undefined
      ? look(`${mark} ${text}`)
      : look(`${mark} `) + marked(text, visible(other), look, style);
  });
  return [style.dim(head), ...shown];
}

/** The line that one stands in the place of, where there is exactly one for each. */
function partner(lines: readonly string[], at: number): string | undefined {
  const kind = (i: number) => lines[i]?.[0];
  if (kind(at) === "-" && kind(at - 1) !== "-" && kind(at + 1) === "+" && kind(at + 2) !== "+")
    return lines[at + 1]?.slice(1);
  if (kind(at) === "+" && kind(at + 1) !== "+" && kind(at - 1) === "-" && kind(at - 2) !== "-")
    return lines[at - 1]?.slice(1);
  return undefined;
}

/** A line with the part that differs from its partner in inverse. */
function marked(text: string, other: string, look: (text: string) => string, style: Style): string {
  const most = Math.min(text.length, other.length);
  let start = 0;
  while (start < most && text[start] === other[start]) start++;
  let end = 0;
  while (end < most - start && text.at(-1 - end) === other.at(-1 - end)) end++;
  const [before, middle, after] = [
    text.slice(0, start),
    text.slice(start, text.length - end),
    text.slice(text.length - end),
  ];
  if (middle === "" || before.length + after.length === 0) return look(text);
  return [before && look(before), look(style.inverse(middle)), after && look(after)].join("");
}

/** A line with spaces at its end shown as dots. */
function visible(text: string): string {
  return printable(text.replace(/ +$/, (spaces) => "·".repeat(spaces.length)));
}
