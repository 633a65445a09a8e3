/** What is shown of a program that a signal has ended: its stack with names, the source, the events before. */

import { existsSync } from "node:fs";
import type { CrashState } from "../../engine/mod.ts";
import { formatEvent, TraceReader } from "../../engine/trace/mod.ts";
import type { RecordReport } from "../report.ts";
import type { Crash } from "../results/mod.ts";
import { signalName } from "../signals.ts";
import { sourceAround, symbolize, unwind } from "../symbols/mod.ts";
import { isOwn } from "./places.ts";

/** Signals that tell of a fault of the program itself: those whose default is to dump core (signal(7)). */
const FAULTS: ReadonlySet<string> = new Set([
  ...[
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGSEGV",
    "SIGSYS",
    "SIGXCPU",
    "SIGXFSZ",
  ],
]);
/** Frames that are shown, and that are counted beyond them. */
const FRAMES = 24;
const MOST_FRAMES = 4096;
/** Events that are told before the signal. */
const EVENTS_BEFORE = 5;

/**
 * Of the crashes of a recording, the one that its end is to be explained by.
 *
 * @returns Undefined where no signal has ended the first process, nor a fault of its own another one.
 */
export function crashOf(report: RecordReport): Crash | undefined {
  const { crashes = [], exit, directory } = report;
  const deadly = exit !== undefined && "signal" in exit ? exit.signal : undefined;
  const found =
    crashes.findLast(({ signal }) => signal === deadly) ??
    crashes.findLast(({ signal }) => FAULTS.has(signalName(signal)));
  return found === undefined ? undefined : describe(found, directory);
}

function describe(state: CrashState, directory: string): Crash {
  const { task, process, signal, address, event } = state;
  const files = storedFiles(directory);
  const frames = framesOf(state, files);
  const own = frames.find(({ place }) => place !== undefined && isOwn(place))?.place;
  const source =
    own?.file === undefined || own.line === undefined ? undefined : sourceAround(own.file, own.line);
  return {
    signal: signalName(signal),
    task,
    process,
    ...(address !== undefined && { address }),
    frames: frames.slice(0, FRAMES),
    moreFrames: Math.max(0, frames.length - FRAMES),
    ...(source && { source }),
    lastEvents: eventsBefore(directory, event),
  };
}

function framesOf({ registers, stack, text }: CrashState, files: readonly string[]): Crash["frames"] {
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
  const names = symbolize(shown).values();
  const frames = found.map(({ pc }, i) => {
    const place = mapped[i] === undefined || i >= FRAMES ? undefined : names.next().value;
    return { pc: `0x${pc.toString(16)}`, ...(place && { place }) };
  });
  // What has called main is the same in all programs.
  const main = frames.findIndex(({ place }) => place?.symbol === "main");
  return main < 0 ? frames : frames.slice(0, main + 1);
}

/** The trace's copies of files, by their index. */
function storedFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  const reader = TraceReader.open(directory);
  try {
    return reader.files.map((_, index) => reader.filePath(index));
  } finally {
    reader.close();
  }
}

function eventsBefore(directory: string, event: number): string[] {
  if (!existsSync(directory)) return [];
  const reader = TraceReader.open(directory);
  try {
    const last: string[] = [];
    for (const [index, next] of reader.singles()) {
      if (index > event) break;
      // What the processor says of itself tells nothing of the program.
      if (next.kind === "instruction" || (next.kind === "switch" && index < event)) continue;
      last.push(formatEvent(next, index));
      if (last.length > EVENTS_BEFORE) last.shift();
    }
    return last;
  } finally {
    reader.close();
  }
}
