/** What is shown of a program that a signal has ended: its stack with names, the source, the events before. */

import { existsSync } from "node:fs";
import { constants } from "node:os";
import type { CrashState } from "../../engine/mod.ts";
import { formatEvent, TraceReader } from "../../engine/trace/mod.ts";
import type { Exit } from "../outcome/mod.ts";
import type { Crash } from "../results/mod.ts";
import { sourceAround } from "../symbols/mod.ts";
import { signalName } from "../text/mod.ts";
import { isOwn } from "./places.ts";
import { FRAMES, framesOf, storedFiles } from "./stack.ts";

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
/** What a shell adds to the number of a signal for its exit code (sh(1p), 2.8.2). */
const SHELL_SIGNAL = 128;
/** Events that are told before the signal. */
const EVENTS_BEFORE = 5;

/** Crashes of one run of a program. */
export interface Crashes {
  readonly crashes?: readonly (Omit<CrashState, "event"> & Partial<Pick<CrashState, "event">>)[];
  /** How the first process has ended. */
  readonly exit?: Exit | undefined;
  /** The trace; missing of a run that was not recorded. */
  readonly directory?: string;
}

/** Whether a program has ended by a signal: its own, or by what a shell makes of that of its last command. */
export function isCrash(exit: Exit | undefined): boolean {
  if (exit === undefined) return false;
  if ("signal" in exit) return exit.signal !== constants.signals.SIGKILL;
  return FAULTS.has(signalName(exit.code - SHELL_SIGNAL));
}

/**
 * Of the crashes of a run, the one that its end is to be explained by.
 *
 * @returns Undefined where no signal has ended the first process, nor a fault of its own another one.
 */
export function crashOf({ crashes = [], exit, directory }: Crashes): Crash | undefined {
  const deadly = exit !== undefined && "signal" in exit ? exit.signal : undefined;
  const found =
    crashes.findLast(({ signal }) => signal === deadly) ??
    crashes.findLast(({ signal }) => FAULTS.has(signalName(signal)));
  return found === undefined ? undefined : describe(found, directory);
}

function describe(state: NonNullable<Crashes["crashes"]>[number], directory: string | undefined): Crash {
  const { task, process, signal, address, event } = state;
  const files = directory === undefined ? [] : storedFiles(directory);
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
    lastEvents: directory === undefined || event === undefined ? [] : eventsBefore(directory, event),
  };
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
