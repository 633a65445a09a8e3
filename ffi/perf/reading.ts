/**
 * What a counter has to say. "Not supported", "not counted" and 0 are three different things: a counter that is
 * alive but wrong is worse than none, so that a value comes only together with how much of the time it is for.
 */

import type { SyscallError } from "../kernel/mod.ts";

/** Nanoseconds for which an event was to count, and did. */
export interface CounterTimes {
  /** While it was enabled (and its task, if it has one, was on a processor). */
  readonly enabled: bigint;
  /** While it was on a counter. Less than `enabled`: others had the counter for the rest. */
  readonly running: bigint;
}

/** A value. It may be 0. */
export interface Counted extends CounterTimes {
  readonly state: "counted";
  /** Events of the time that the event was running: nothing is scaled. */
  readonly value: bigint;
  /** `value × enabled ÷ running`: equal to `value` if the event ran all the time, else an estimate. */
  readonly estimate: bigint;
  /** running ÷ enabled, up to 1. Below 1 `estimate` is scaled, and whoever shows it must show this too. */
  readonly share: number;
}

/** The event is open, but nothing was counted: 0 would be a lie. */
export interface NotCounted extends CounterTimes {
  readonly state: "not-counted";
  readonly reason: string;
}

/** This host can't count the event. */
export interface NotSupported {
  readonly state: "not-supported";
  readonly reason: string;
}

/** A refusal that means "not supported here"; the reason begins with the error's name. */
export function toNotSupported({ code, remedy, message }: SyscallError): NotSupported {
  return { state: "not-supported", reason: remedy === undefined ? message : `${code}: ${remedy}` };
}

/** What an open event says. */
export type OpenReading = Counted | NotCounted;

/** What an event says, whether it could be opened or not. */
export type Reading = OpenReading | NotSupported;

const NEVER_ON =
  "it was never on a counter: other events, the NMI watchdog (kernel.nmi_watchdog) or the hypervisor's host have " +
  "them all; count fewer events at a time";
const NEVER_ENABLED = "it was never enabled while its task ran";
const LOST_PIN =
  "it is pinned and could not be kept on a counter, which puts it in error: others have the counters";

/**
 * Makes a reading of the words that `read` gives with both times.
 *
 * @param value Events counted.
 * @param enabled Nanoseconds; likewise `running`.
 */
export function toReading(value: bigint, enabled: bigint, running: bigint): OpenReading {
  // A software event that counts at once when it is enabled may have a value before the clock has moved.
  if (running === 0n && value === 0n) {
    const reason = enabled === 0n ? NEVER_ENABLED : NEVER_ON;
    return { state: "not-counted", reason, enabled, running };
  }
  const whole = running === 0n || enabled <= running;
  return {
    state: "counted",
    value,
    estimate: whole ? value : (value * enabled + running / 2n) / running,
    share: whole ? 1 : Number(running) / Number(enabled),
    enabled,
    running,
  };
}

/** The reading of a pinned event that the kernel has put in error: read(2) gives it the end of a file. */
export function lostPin(): NotCounted {
  return { state: "not-counted", reason: LOST_PIN, enabled: 0n, running: 0n };
}
