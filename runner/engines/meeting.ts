/** Turns of tasks that meet, with names: which thread ran which line between which lines of another one. */
import { basename } from "node:path";
import type { Meeting, TaskAt } from "../../engine/debug/mod.ts";
import { oneLine } from "../../ffi/mod.ts";
import type { Crash } from "../results/mod.ts";
import { placeText } from "../symbols/mod.ts";
import { signalName } from "../text/mod.ts";
import { FRAMES, framesOf, storedFiles } from "./stack.ts";

/** A task at a place of the program. */
export interface NamedAt {
  task: number;
  process: number;
  event: number;
  ticks: number;
  /** What it does to the memory there. */
  does?: "reads" | "writes";
  /** The signal whose handler it is in. */
  signal?: string;
  /** The innermost place whose source line is known: "queue.c:41". */
  line?: string;
  /** The outermost function of the program's own: what the thread is there for. */
  thread?: string;
  frames: Crash["frames"];
}

/** See the file's head. */
export interface NamedMeeting {
  memory?: { address: string; length: number };
  /** What they touch that is no memory: "the file /tmp/lock". */
  thing?: string;
  before?: NamedAt;
  between: NamedAt;
  after?: NamedAt;
}

/** The C library and its like: nobody looks for his mistake there, whatever their debug information says. */
const SYSTEM = /^(ld-linux|ld-musl|lib(c|m|pthread|stdc\+\+|gcc_s)[.-])/;

/** Names what the engine has found. @param directory Folder of the trace. */
export function nameMeeting(
  { memory, thing, before, between, after }: Meeting,
  directory: string,
): NamedMeeting {
  const files = storedFiles(directory);
  const touched = memory ?? thing;
  const named = (at: TaskAt): NamedAt => ({
    ...nameTask(at, files),
    ...(touched !== undefined && { does: at.isWrite ? "writes" : "reads" }),
  });
  return {
    ...(memory && { memory: { address: `0x${memory.address.toString(16)}`, length: memory.length } }),
    ...(thing !== undefined && { thing }),
    ...(before && { before: named(before) }),
    between: named(between),
    ...(after && { after: named(after) }),
  };
}

/** Names a place of a task. @param files The trace's copies of files, by their index. */
export function nameTask(
  { state, signal, task, process, event, ticks }: TaskAt,
  files: readonly string[],
): NamedAt {
  const frames = framesOf(state, files).slice(0, FRAMES);
  const places = frames.flatMap(({ place }) =>
    place?.line === undefined || SYSTEM.test(place.module) ? [] : [place],
  );
  const [inner] = places;
  const thread = places.at(-1)?.symbol;
  return {
    task,
    process,
    event,
    ticks,
    ...(signal !== undefined && { signal: signalName(signal) }),
    ...(inner?.file !== undefined && { line: `${basename(inner.file)}:${inner.line}` }),
    ...(thread !== undefined && { thread }),
    frames,
  };
}

/** What a thread is called. */
export function threadText({ thread, task, process, signal }: NamedAt): string {
  const id = task === process ? `process ${task}` : `task ${task}`;
  const name = thread === undefined ? id : `'${thread}' (${id})`;
  return signal === undefined ? name : `${name} in its handler of ${signal}`;
}

/** The innermost line of the program's own, or where it is else. */
export function lineText({ line, frames }: NamedAt): string {
  const [inner] = frames;
  return line ?? (inner?.place ? placeText(inner.place) : (inner?.pc ?? "somewhere"));
}

/** "'adds' (task 12) runs race.c:13 between race.c:12 and race.c:13 of 'adds' (task 11)". */
export function meetingText({ before, between, after }: NamedMeeting): string {
  const other = before ?? after;
  const runs = `${threadText(between)} runs ${lineText(between)}`;
  if (other === undefined) return runs;
  const where =
    before && after
      ? `between ${lineText(before)} and ${lineText(after)}`
      : before
        ? `behind ${lineText(before)}`
        : `before ${lineText(other)}`;
  return `${runs} ${where} of ${threadText(other)}`;
}

/** The memory and the stacks, a line each. */
export function meetingLines({ memory, thing, before, between, after }: NamedMeeting): string[] {
  const parts = [before, between, after].filter((part) => part !== undefined);
  return [
    ...(memory ? [`both touch ${memory.length} bytes at ${memory.address}`] : []),
    ...(thing === undefined ? [] : [`both touch ${oneLine(thing)}`]),
    ...parts.flatMap((part) => [
      `${threadText(part)} ${part.does ?? "is"} at ${lineText(part)}, before event ${part.event}, ${part.ticks} ticks:`,
      ...frameLines(part),
    ]),
  ];
}

/** The innermost frames of a place, a line each. */
export function frameLines({ frames }: Pick<NamedAt, "frames">): string[] {
  return frames
    .slice(0, SHOWN)
    .map(({ pc, place }, i) => `  #${i} ${pc}${place === undefined ? "" : ` ${placeText(place)}`}`);
}

/** Frames of a stack that are shown. */
const SHOWN = 5;
