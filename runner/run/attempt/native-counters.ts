/** Counts events of a native run from its exec to its end, for `expect.counters`. */

import { EventNameError, type Reading, SyscallError } from "../../../ffi/mod.ts";
import type { Expectations } from "../../manifest/mod.ts";
import type { Guard } from "../../processes/mod.ts";
import { statRows } from "../../stat/events.ts";
import { closeRows, enableRows, type OpenRow, openRows, readRow } from "../../stat/open.ts";
import { checkRange } from "../compare/mod.ts";

/** What keeps an expectation from being checked on this host. */
export interface Uncountable {
  readonly event: string;
  readonly reason: string;
}

/** Watches a process for what its counters say. */
export class NativeCounters implements Guard {
  readonly #expected: NonNullable<Expectations["counters"]>;
  #readings: readonly Reading[] = [];
  #refusal: string | undefined;

  constructor(expected: NonNullable<Expectations["counters"]>) {
    this.#expected = expected;
  }

  watch(pid: number): ReturnType<Guard["watch"]> {
    const rows = this.#open(pid);
    enableRows(rows);
    return {
      // It is asked for the last time when the process has ended; counters can be read until they are closed.
      alarm: () => {
        this.#readings = rows.map(readRow);
        return undefined;
      },
      [Symbol.dispose]: () => closeRows(rows),
    };
  }

  #open(pid: number): OpenRow[] {
    try {
      return openRows(
        Object.keys(this.#expected).flatMap((event) => rowsOf(event)),
        [{ pid, inherit: true, enableOnExec: true }],
      );
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      this.#refusal = error.message;
      return [];
    }
  }

  /** Why the kernel has counted nothing: no rights, no room. */
  get refusal(): string | undefined {
    return this.#refusal;
  }

  /** What was counted, by event. */
  get values(): Record<string, number> {
    const events = Object.keys(this.#expected);
    return Object.fromEntries(
      this.#readings.flatMap((reading, at) =>
        reading.state === "counted" ? [[events[at] ?? "", Number(reading.value)]] : [],
      ),
    );
  }

  /** What does not meet the expectations, a sentence each; or the first event that could not be counted here. */
  check(): string[] | Uncountable {
    const reasons: string[] = [];
    for (const [at, [event, range]] of Object.entries(this.#expected).entries()) {
      const reading = this.#readings[at];
      if (reading?.state !== "counted") {
        return {
          event,
          reason: reading?.state === "not-supported" ? reading.reason : "it was never on a counter",
        };
      }
      reasons.push(...checkRange(`${event} of the native run`, range, Number(reading.value)));
    }
    return reasons;
  }
}

/** One row for one event; of a name that this host does not know, one that says so. */
function rowsOf(name: string): ReturnType<typeof statRows> {
  const without = (unnamed: string) => [{ name, event: { unnamed }, group: undefined }];
  try {
    const rows = statRows(name);
    return rows.length === 1 ? rows : without("it is several events here: name one of them");
  } catch (error) {
    if (!(error instanceof EventNameError)) throw error;
    return without(error.message);
  }
}
