/** What the probes of counters for transactional memory share. */
import type { PerfStep } from "../../../ffi/mod.ts";
import { cpuOf } from "../cpu.ts";
import { ticksAttr, ticksConfig } from "../ticks.ts";
import type { Finding, Host } from "../types.ts";
import { no, unknown } from "./_finding.ts";
import { type Counter, measure, openCounter } from "./_measure.ts";

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
  const config = ticksConfig(host);
  if (config === undefined) return unknown("no table has the event of ticks for this processor");
  if (cpuOf(host).vendor !== "GenuineIntel") return no("only Intel has the bit");
  const code = `0x${(config | bit).toString(16)}`;
  const opened = openCounter(host, ticksAttr(config | bit, { sample_period: 0 }));
  if (typeof opened === "string") return no(`perf_event_open of ${code}: ${opened}`);
  using counter = opened;
  const failed = measure(host, [counter], steps(counter));
  return failed ? no(`${code}: ${failed}`) : Number(counter.words[0]);
}
