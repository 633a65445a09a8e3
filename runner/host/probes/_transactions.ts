/** What the probes of counters for transactional memory share. */
import { identifyProcessor, type PerfStep } from "../../../ffi/mod.ts";
import { extendedFeatures, bit as isSet } from "../cpu.ts";
import type { Finding, Host } from "../types.ts";
import { no } from "./_finding.ts";
import { type Counter, measure, openTicks } from "./_measure.ts";

/** cpuid leaf 7, ebx: HLE and RTM. */
const TRANSACTIONS = [4, 11];

/**
 * Counts ticks with a bit of transactional memory set, period 0.
 *
 * @param bit IN_TX or IN_TXCP.
 * @param steps What to run.
 * @returns The ticks, or why there are none.
 */
export function countTransactional(
  host: Host,
  bit: bigint,
  steps: (counter: Counter) => readonly PerfStep[],
): number | Finding {
  if (identifyProcessor(host).vendor !== "GenuineIntel") return no("only processors of Intel have the bit");
  const { ebx } = extendedFeatures(host);
  // hsw_hw_config asks the same (Linux 6.18, arch/x86/events/intel/core.c): the event opens, and counts as a plain one.
  if (!TRANSACTIONS.some((index) => isSet(ebx, index))) {
    return no("the processor has no transactions: mainline kernels mask the bit in silence");
  }
  const opened = openTicks(host, { sample_period: 0 }, bit);
  if (typeof opened === "string") return no(opened);
  using counter = opened;
  const failed = measure(host, [counter], steps(counter));
  return failed ? no(failed) : Number(counter.words[0]);
}
