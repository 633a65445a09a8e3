/** The event that ticks are counted by, per processor: one retired conditional branch in user mode. */
import { EventNameError, type PerfAttr, resolveEvents } from "../../ffi/mod.ts";
import type { Host } from "./types.ts";

/**
 * The event as the probes open it: off at first, in user mode, of this machine only and not of its guests. On a
 * hybrid processor that of the performance cores.
 *
 * @param extra What else the attr has.
 * @returns The attr; undefined for a processor that the table of events does not know.
 */
export function ticksAttr(host: Host, extra: Partial<PerfAttr> = {}): PerfAttr | undefined {
  try {
    const [event] = resolveEvents("retired-conditional-branches", host);
    return event && { ...event.attr, flags: ["disabled", "exclude_kernel", "exclude_guest"], ...extra };
  } catch (error) {
    if (error instanceof EventNameError) return undefined;
    throw error;
  }
}
