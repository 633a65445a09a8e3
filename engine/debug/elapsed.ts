/**
 * What time it was at a place of a recording, as far as the program was told: a recording has no clock of its own, but what
 * clocks have said.
 */
import { SYSCALLS } from "../../ffi/mod.ts";
import { argumentOf } from "../arch/x86_64/call-abi.ts";
import { eventCount, type SingleEvent, singleEvents } from "../trace/mod.ts";
import type { EventIndex } from "./event-index.ts";

/** Clocks that go on with time, by the ids of clock_gettime (linux/time.h). */
const CLOCKS: Readonly<Record<number, "real" | "monotonic">> = {
  0: "real",
  1: "monotonic",
  4: "monotonic",
  5: "real",
  6: "monotonic",
};

/** A look at a clock. */
interface Look {
  event: number;
  nanoseconds: bigint;
}

/** How much time had gone by. */
export interface Elapsed {
  clock: "real" | "monotonic";
  /** Seconds from the program's first look at that clock to its last one. */
  seconds: number;
  /** Index of the last one. */
  event: number;
}

/** The time that had gone by in front of an event. @returns undefined where the program has looked at no clock by then. */
export function elapsedAt(events: EventIndex, before: number): Elapsed | undefined {
  const looks = new Map<"real" | "monotonic", { first: Look; last: Look }>();
  events.first((event, start) => {
    if (start >= before) return true;
    for (const [index, single] of singleEvents(event, start + eventCount(event) - 1)) {
      const found = clockOf(single);
      if (found === undefined) continue;
      const look = { event: index, nanoseconds: found.nanoseconds };
      looks.set(found.clock, { first: looks.get(found.clock)?.first ?? look, last: look });
    }
    return false;
  });
  const [latest] = [...looks].toSorted(([, a], [, b]) => b.last.event - a.last.event);
  if (latest === undefined) return undefined;
  const [clock, { first, last }] = latest;
  return { clock, seconds: Number(last.nanoseconds - first.nanoseconds) / 1e9, event: last.event };
}

/** What a call has told of a clock: seconds, and nano- or microseconds behind them, 64 bits each (timespec, timeval). */
function clockOf(event: SingleEvent): { clock: "real" | "monotonic"; nanoseconds: bigint } | undefined {
  if (event.kind !== "syscall" || event.result !== 0n) return undefined;
  const isTimeval = event.number === SYSCALLS.gettimeofday;
  if (!isTimeval && event.number !== SYSCALLS.clock_gettime) return undefined;
  const clock = isTimeval ? "real" : CLOCKS[Number(argumentOf(event.registers, 0))];
  const bytes = event.writes.find((write) => write.bytes.length === 16)?.bytes;
  if (clock === undefined || bytes === undefined) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const rest = view.getBigInt64(8, true) * (isTimeval ? 1000n : 1n);
  return { clock, nanoseconds: view.getBigInt64(0, true) * 1_000_000_000n + rest };
}
