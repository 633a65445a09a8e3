/** The event that ticks are counted by, per processor: one retired conditional branch in user mode, on aarch64 one branch. */
import { EventNameError, identifyProcessor, isAarch64, type PerfAttr, resolveEvents } from "../../ffi/mod.ts";
import type { Host } from "./types.ts";

const TICKS = "retired-conditional-branches";
/** What rr counts on aarch64: taken branches of Apple's cores, all of Arm's (PerfCounters.cc, pmu_configs, 5.9.0). */
const ARM_TICKS = ["retired-taken-branches", "retired-branches"];

/**
 * The event as the probes open it: off at first, in user mode, of this machine only and not of its guests. On a
 * hybrid processor that of the performance cores.
 *
 * @param extra What else the attr has.
 * @returns The attr; undefined for a processor that the table of events does not know.
 */
export function ticksAttr(host: Host, extra: Partial<PerfAttr> = {}): PerfAttr | undefined {
  for (const name of isAarch64(identifyProcessor(host)) ? ARM_TICKS : [TICKS]) {
    try {
      const [event] = resolveEvents(name, host);
      if (event) return { ...event.attr, flags: ["disabled", "exclude_kernel", "exclude_guest"], ...extra };
    } catch (error) {
      if (!(error instanceof EventNameError)) throw error;
    }
  }
  return undefined;
}
