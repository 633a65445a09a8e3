/**
 * Where IN_TXCP can't be used, the branches of an aborted transaction stay counted and ticks are wrong. The remedy
 * of rr's issue 1952: count branches in transactions (IN_TX) beside, and stop as soon as there is one.
 */

import { Counter, EventNameError, SyscallError } from "../../ffi/mod.ts";
import type { Host } from "../host/mod.ts";
import type { Guard } from "../processes/mod.ts";
import { counted } from "../text/mod.ts";

/** The event that must not happen. */
export const IN_TX_BRANCHES = "retired-conditional-branches:u:in_tx";
/** Value, time enabled, time running. */
const WORDS = 3;

/** What is not on the processor does not count: it shares the PMU with too many others. */
function shareOf(running: number, enabled: number): string {
  const percent = Math.floor((100 * running) / enabled);
  return `counted only ${percent} % of the time`;
}

/** Why nothing can be watched. */
export interface NoGuard {
  readonly reason: string;
}

/**
 * Makes the guard of a host.
 *
 * @param host This machine; or a model of a described one, whose tasks are then watched.
 * @param event What must not happen; another one where there is no PMU to try the watching with.
 * @returns The guard, or why there can be none: no PMU, a processor without IN_TX, no permission.
 */
export function inTxGuard(host: Host, event = IN_TX_BRANCHES): Guard | NoGuard {
  const open = (pid: number) => {
    const options = { pid, inherit: true, system: host.perf, host };
    return Counter.open(event, options);
  };
  try {
    using _trial = open(0);
  } catch (error) {
    // Of an event that this processor hasn't, as of a refusal, the message says it all.
    if (error instanceof SyscallError || error instanceof EventNameError) return { reason: error.message };
    throw error;
  }
  return {
    watch(pid) {
      const counter = open(pid);
      counter.enable();
      const words = new BigUint64Array(WORDS);
      return {
        alarm() {
          const bytes = counter.read(words);
          if (bytes <= 0) return "the IN_TX counter can't be read any more: ticks could be wrong unseen";
          const [branches = 0, enabled = 0, running = 0] = Array.from(words, Number);
          if (branches === 0 && running === enabled) return undefined;
          if (branches === 0)
            return `the IN_TX counter ${shareOf(running, enabled)}: ticks could be wrong unseen`;
          const seen = counted(branches, "conditional branch", "conditional branches");
          return `stopped by the IN_TX guard: ${seen} in transactions, so that ticks can't be trusted`;
        },
        [Symbol.dispose]: () => counter[Symbol.dispose](),
      };
    },
  };
}
