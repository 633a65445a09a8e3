/** A crash in lines: the signal, the source around the line, the stack, the events before. */
import { basename } from "node:path";
import type { Crash } from "../engines/mod.ts";
import { placeText, type SourceExcerpt } from "../symbols/mod.ts";

/** The lines. */
export function crashLines({
  signal,
  address,
  process,
  source,
  frames,
  moreFrames,
  lastEvents,
}: Crash): string[] {
  const about = address === undefined ? "" : `, at address ${address}`;
  return [
    `${signal} in process ${process}${about}`,
    ...(source === undefined ? [] : sourceLines(source)),
    "stack:",
    ...frames.map(({ pc, place }, i) => `  #${i} ${pc}${place === undefined ? "" : ` ${placeText(place)}`}`),
    ...(moreFrames > 0 ? [`  and ${moreFrames} more frames`] : []),
    ...(lastEvents.length > 0 ? ["the last events:", ...lastEvents.map((line) => `  ${line}`)] : []),
  ];
}

/** "wait.c:31", and the lines around it with an arrow. */
export function sourceLines({ file, line, lines }: SourceExcerpt): string[] {
  const width = String(lines.at(-1)?.number ?? line).length;
  return [
    `${basename(file)}:${line}`,
    ...lines.map(({ number, text }) =>
      `  ${number === line ? "→" : " "} ${String(number).padStart(width)} | ${text.replaceAll("\t", "    ")}`.trimEnd(),
    ),
  ];
}
