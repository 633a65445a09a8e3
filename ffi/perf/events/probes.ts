/** Events at places of a program or of the kernel: hardware breakpoints and tracepoints. */

import type { PerfAttr } from "../attr.ts";
import { PERF_TYPE } from "../constants.ts";
import type { HostFacts } from "../facts.ts";
import { EventNameError } from "./error.ts";

/** Bits of bp_type. Source: linux/hw_breakpoint.h. */
const ACCESS: Readonly<Record<string, number>> = { r: 1, w: 2, x: 4 };
const LENGTHS = [1, 2, 4, 8];
/** Where tracefs is mounted, or was before Linux 4.1. */
const TRACEFS = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];

/**
 * A hardware breakpoint: accesses to an address.
 *
 * @param whole The whole name, for errors.
 * @param length Bytes that are watched. @default 4 (8 for an instruction, as x86 wants it)
 * @param access Of the letters r, w and x. @default "rw"
 * @throws EventNameError for a length that x86 can't watch.
 */
export function breakpoint(
  whole: string,
  address: string,
  length: string | undefined,
  access = "rw",
): PerfAttr {
  const bp_type = [...access.toLowerCase()].reduce((bits, letter) => bits | (ACCESS[letter] ?? 0), 0);
  const bp_len = Number(length ?? (access === "x" ? 8 : 4));
  if (!LENGTHS.includes(bp_len)) {
    throw new EventNameError(
      whole,
      `a breakpoint watches ${LENGTHS.join(", ")} bytes: current value is ${bp_len}`,
    );
  }
  return { type: PERF_TYPE.BREAKPOINT, config: 0, bp_type, config1: BigInt(address), config2: bp_len };
}

/** A tracepoint of the kernel by system and name; undefined where tracefs does not have it or can't be read. */
export function tracepoint(system: string, event: string, host: HostFacts): PerfAttr | undefined {
  if (!/^\w+$/.test(system) || !/^\w+$/.test(event)) return undefined;
  for (const root of TRACEFS) {
    const id = host.readFile(`${root}/events/${system}/${event}/id`);
    if (id !== undefined) return { type: PERF_TYPE.TRACEPOINT, config: Number(id) };
  }
  return undefined;
}

/** Whether what stands behind a colon is the name of a tracepoint rather than modifiers. */
export function looksLikeTracepoint(text: string): boolean {
  return /^\w*_\w*$/.test(text) && !text.startsWith("in_tx");
}

/** The error for a tracepoint that the host does not have, or does not show. */
export function noTracepoint(whole: string, system: string, event: string, host: HostFacts): EventNameError {
  for (const root of TRACEFS) {
    const known = host.readDirectory(`${root}/events/${system}`);
    if (known !== undefined) {
      return new EventNameError(whole, `the kernel has no tracepoint '${event}' in ${system}`, {
        name: event,
        known,
      });
    }
    const systems = host.readDirectory(`${root}/events`);
    if (systems !== undefined) {
      const part = { name: system, known: systems };
      return new EventNameError(whole, `the kernel has no tracepoints of '${system}'`, part);
    }
  }
  return new EventNameError(
    whole,
    `tracepoints can't be read: mount tracefs (mount -t tracefs nodev ${TRACEFS[0]}), as root`,
  );
}
