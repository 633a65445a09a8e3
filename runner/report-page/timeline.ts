/** From a trace to the timeline of a page. */
import { formatEvent, type TraceEvent, TraceReader } from "../../engine/trace/mod.ts";
import { KINDS, type Timeline } from "./page-data.ts";

/** Events that a page can hold and still be opened quickly. */
const MOST_EVENTS = 50_000;
/** Characters of an event's text that are kept: paths and lists of writes can be of any length. */
const MOST_TEXT = 160;

/** What is read of a trace. */
export interface TimelinePart {
  /** Events that are taken at most. @default as many as a page can hold */
  most?: number;
  /** The last ones are taken, not the first: of a failure, its end is what counts. @default false */
  fromEnd?: boolean;
}

/**
 * Reads the events of a trace. What the processor says of itself (cpuid, rdtsc) is left out of an end: it would hide
 * what the program did.
 *
 * @param dir Folder of the trace.
 * @param part How much of it.
 * @throws {TraceError} If there is no trace, or it is damaged.
 */
export function readTimeline(
  dir: string,
  { most = MOST_EVENTS, fromEnd = false }: TimelinePart = {},
): Timeline {
  const told = fromEnd ? countTold(dir) : 0;
  let skip = Math.max(0, told - most);
  const reader = TraceReader.open(dir);
  const { meta } = reader;
  const timeline: Timeline = {
    command: meta.command.join(" "),
    startedAt: meta.startedAt,
    host: meta.described?.name ?? meta.host.hostname,
    trace: dir,
    ...{ tasks: [], task: [], kind: [], text: [], ticks: [], texts: [], cut: "" },
    ...(fromEnd && { index: [] }),
  };
  const lanes = new Map<number, { lane: number; ticks: number }>();
  const processes = new Map<number, number>();
  const texts = new Map<string, number>();
  try {
    for (const [index, event] of reader.singles()) {
      if (fromEnd && isNoise(event)) continue;
      if (!fromEnd && timeline.task.length === most) {
        timeline.cut = `The first ${most.toLocaleString("en")} events are shown.`;
        break;
      }
      let lane = lanes.get(event.task);
      if (lane === undefined) {
        const process = processes.get(event.task) ?? event.task;
        lane = { lane: timeline.tasks.push({ id: event.task, process }) - 1, ticks: 0 };
        lanes.set(event.task, lane);
      }
      if (event.kind === "clone") processes.set(event.child, event.childProcess);
      if (skip > 0) {
        skip--;
        lane.ticks = event.kind === "exit" ? 0 : event.ticks;
        continue;
      }
      // "7 task 100 ticks 1234 pc 0x401000: close(0x3) = 0": the page has the rest elsewhere.
      const line = formatEvent(event, index);
      const text = line.slice(line.indexOf(": ") + 2).slice(0, MOST_TEXT);
      const textIndex = texts.get(text) ?? timeline.texts.push(text) - 1;
      texts.set(text, textIndex);
      timeline.task.push(lane.lane);
      timeline.kind.push(KINDS.indexOf(event.kind));
      timeline.text.push(textIndex);
      // A task's number may be given to a new one, whose ticks begin at 0.
      // The end of the trace repeats the ticks of a task that may be gone.
      timeline.ticks.push(event.kind === "end" ? 0 : Math.max(0, event.ticks - lane.ticks));
      timeline.index?.push(index);
      lane.ticks = event.kind === "exit" ? 0 : event.ticks;
    }
    if (fromEnd && told > most) timeline.cut = `The last ${most.toLocaleString("en")} events are shown.`;
    if (reader.incomplete !== undefined) timeline.cut = reader.incomplete;
  } finally {
    reader.close();
  }
  return timeline;
}

function isNoise({ kind }: TraceEvent): boolean {
  return kind === "instruction";
}

/** Events of a trace that an end of it would tell. */
function countTold(dir: string): number {
  const reader = TraceReader.open(dir);
  try {
    let count = 0;
    for (const [, event] of reader.singles()) if (!isNoise(event)) count++;
    return count;
  } finally {
    reader.close();
  }
}
