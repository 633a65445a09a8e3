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
  TraceeControl,
} from "../../ffi/mod.ts";
import { EndPolicy } from "./end-policy.ts";
import type { StatRow } from "./events.ts";
import { closeRows, enableRows, openRows, readRow } from "./open.ts";

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

/**
 * Runs a program to its end, or until it is interrupted: `installInterrupts` must be in force. It has our standard
 * streams.
 *
 * @throws {SyscallError} When it can't be started or counted.
 */
export function measureRun(program: SpawnOptions, rows: readonly StatRow[]): StatRun {
  using control = new TraceeControl();
  using child = new HeldChild(program);
  const open = openRows(rows, { pid: child.pid, inherit: true, enableOnExec: true });
  try {
    const before = resourceUsage("children");
    enableRows(open);
    const start = Bun.nanoseconds();
    child.release();
    const { end, interrupted } = waitFor(child, control);
    const elapsed = (Bun.nanoseconds() - start) / 1e9;
    const readings = open.map((row) => ({ name: row.name, reading: readRow(row) }));
    const after = resourceUsage("children");
    return {
      end,
      interrupted,
      elapsed,
      user: (after.user - before.user) / 1e6,
      system: (after.system - before.system) / 1e6,
      rows: readings,
    };
  } finally {
    closeRows(open);
  }
}

/** Waits for the program's end. A signal goes on to it; a second one, or the end of its time, kills it. */
function waitFor(child: HeldChild, control: TraceeControl): Pick<StatRun, "end" | "interrupted"> {
  const policy = new EndPolicy();
  let interrupted: number | undefined;
  for (;;) {
    const end = child.wait(control);
    if (end !== undefined) return { end, interrupted };
    const signal = pendingInterrupt();
    if (signal === 0) continue;
    clearInterrupt(signal);
    interrupted ??= signal;
    if (policy.received(signal, child.pid) !== 0) kill(child.pid, SIG.SIGKILL);
  }
}
