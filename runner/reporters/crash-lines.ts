/** A crash in lines: the signal, the source around the line, the stack, the events before. */

import { basename } from "node:path";
import type { Crash } from "../results/mod.ts";
import { placeText, type SourceExcerpt } from "../symbols/mod.ts";
import { counted } from "../text/mod.ts";
import type { Style } from "./style.ts";

/** The lines. */
export function crashLines(crash: Crash, style: Style): string[] {
  const { signal, source, frames, moreFrames, lastEvents } = crash;
  return [
    `${style.bad(signal)} ${crashAbout(crash)}`,
    ...(source === undefined ? [] : sourceLines(source, style)),
    "stack:",
    ...frames.map(({ pc, place }, i) =>
      place === undefined ? `  #${i} ${pc}` : `  #${i} ${style.dim(pc)} ${placeText(place)}`,
    ),
    ...(moreFrames > 0 ? [`  and ${counted(moreFrames, "more frame")}`] : []),
    ...(lastEvents.length > 0
      ? ["the last events:", ...lastEvents.map((line) => `  ${style.dim(line)}`)]
      : []),
  ];
}

/** Where a signal has met a program, and what of: "in process 71, at address 0x0". */
export function crashAbout({
  process,
  address,
  native,
}: Pick<Crash, "process" | "address" | "native">): string {
  const about = address === undefined ? "" : `, at address ${address}`;
  return `in process ${process}${about}${native ? " (natively, watched in one more run)" : ""}`;
}

/** "wait.c:31", and the lines around it with an arrow. */
function sourceLines({ file, line, lines }: SourceExcerpt, style: Style): string[] {
  const width = String(lines.at(-1)?.number ?? line).length;
  return [
    style.strong(`${basename(file)}:${line}`),
    ...lines.map(({ number, text }) => {
      const words = `${String(number).padStart(width)} | ${text.replaceAll("\t", "    ")}`.trimEnd();
      return number === line ? `  ${style.bad("→")} ${words}` : `    ${style.dim(words)}`;
    }),
  ];
}
