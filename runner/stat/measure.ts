/** One run of a program under counters, which begin at its exec and end with it. */
import type { Certainty } from "../../engine/host/mod.ts";
import {
  type ChildEnd,
  clearInterrupt,
  HeldChild,
  kill,
  pendingInterrupt,
  type Reading,
  resourceUsage,
  SIG,
  type SpawnOptions,
  setTimer,
  TraceeControl,
  toReading,
} from "../../ffi/mod.ts";
import { EndPolicy } from "./end-policy.ts";
import type { StatRow } from "./events.ts";
import { closeRows, enableRows, type OpenRow, openRows, readRow } from "./open.ts";
import type { Targets } from "./targets.ts";

/** What a run has shown. Times are in seconds. */
export interface StatRun {
  readonly end: ChildEnd;
  /** The signal that it was ended by from outside, if it was. */
  readonly interrupted: number | undefined;
  readonly elapsed: number;
  readonly user: number;
  readonly system: number;
  /** Of each row its name and its reading, in order; of described hosts how far that can be believed. */
  readonly rows: readonly {
    readonly name: string;
    readonly reading: Reading;
    readonly certainty?: Certainty;
  }[];
}

/** Told of each interval: what was counted in it, and the seconds since the start at its end. */
type OnInterval = (rows: StatRun["rows"], seconds: number) => void;

/** How a run is measured. */
export interface MeasureOptions {
  /** Whom to count instead of the program. @default the program and what it starts */
  readonly targets?: Targets | undefined;
  /** Reports each so many milliseconds. @default only at the end */
  readonly interval?: { readonly milliseconds: number; readonly report: OnInterval } | undefined;
}

/** How often tasks are looked at that nobody waits for. */
const LOOK_MS = 50;

/**
 * Measures to the program's end, or until it is interrupted: `installInterrupts` must be in force. The program has our
 * standard streams. Without a program, to the end of the targets, or to the interrupt.
 *
 * @throws {SyscallError} When it can't be started or counted.
 */
export function measureRun(
  program: SpawnOptions | undefined,
  rows: readonly StatRow[],
  { targets, interval }: MeasureOptions = {},
): StatRun {
  using control = new TraceeControl();
  using child = program && new HeldChild(program);
  const own = child ? [{ pid: child.pid, inherit: true, enableOnExec: true }] : [];
  const open = openRows(rows, targets?.counters ?? own);
  try {
    const before = resourceUsage("children");
    enableRows(open, targets !== undefined);
    const start = Bun.nanoseconds();
    const elapsed = () => (Bun.nanoseconds() - start) / 1e9;
    const intervals = interval && new Intervals(interval, () => readAll(open), elapsed);
    intervals?.arm();
    child?.release();
    const { end, interrupted } = child
      ? waitFor(child, control, intervals)
      : waitForTargets(() => targets?.alive() ?? false, intervals);
    const seconds = elapsed();
    intervals?.report();
    const readings = readAll(open);
    const after = resourceUsage("children");
    return {
      end,
      interrupted,
      elapsed: seconds,
      user: (after.user - before.user) / 1e6,
      system: (after.system - before.system) / 1e6,
      rows: readings,
    };
  } finally {
    closeRows(open);
  }
}

function readAll(open: readonly OpenRow[]): StatRun["rows"] {
  return open.map((row) => ({ name: row.name, reading: readRow(row) }));
}

/** What `-I` shows: the difference from interval to interval. The timer that ends one is {@link setTimer}'s. */
class Intervals {
  #last: StatRun["rows"] = [];

  constructor(
    private readonly options: NonNullable<MeasureOptions["interval"]>,
    private readonly read: () => StatRun["rows"],
    private readonly elapsed: () => number,
  ) {}

  /** The next SIGALRM is the end of an interval. */
  arm(): void {
    setTimer(this.options.milliseconds);
  }

  report(): void {
    const now = this.read();
    const rows = now.map(({ name, reading }, index) => ({
      name,
      reading: since(reading, this.#last[index]?.reading),
    }));
    this.#last = now;
    this.options.report(rows, this.elapsed());
  }
}

function since(now: Reading, last: Reading | undefined): Reading {
  if (now.state === "not-supported" || last === undefined || last.state === "not-supported") return now;
  const value = (reading: typeof now) => (reading.state === "counted" ? reading.value : 0n);
  return toReading(value(now) - value(last), now.enabled - last.enabled, now.running - last.running);
}

/** Waits for the program's end. A signal goes on to it; a second one, or the end of its time, kills it. */
function waitFor(
  child: HeldChild,
  control: TraceeControl,
  intervals: Intervals | undefined,
): Pick<StatRun, "end" | "interrupted"> {
  const policy = new EndPolicy();
  let interrupted: number | undefined;
  for (;;) {
    const end = child.wait(control);
    if (end !== undefined) return { end, interrupted };
    const signal = pendingInterrupt();
    if (signal === 0) continue;
    clearInterrupt(signal);
    if (signal === SIG.SIGALRM && interrupted === undefined) {
      intervals?.report();
      intervals?.arm();
      continue;
    }
    interrupted ??= signal;
    if (policy.received(signal, child.pid) !== 0) kill(child.pid, SIG.SIGKILL);
  }
}

/** Waits until none of the targets is there any more, or somebody says that it is enough: that is no failure. */
function waitForTargets(
  alive: () => boolean,
  intervals: Intervals | undefined,
): Pick<StatRun, "end" | "interrupted"> {
  const end = { kind: "exited", code: 0 } as const;
  while (alive()) {
    Bun.sleepSync(LOOK_MS);
    const signal = pendingInterrupt();
    if (signal === 0) continue;
    clearInterrupt(signal);
    if (signal !== SIG.SIGALRM) return { end, interrupted: signal };
    intervals?.report();
    intervals?.arm();
  }
  return { end, interrupted: undefined };
}
