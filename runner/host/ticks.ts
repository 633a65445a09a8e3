/** The event that ticks are counted by, per processor: one retired conditional branch in user mode. */
import { PERF_TYPE, type PerfAttr } from "../../ffi/mod.ts";
import { cpuOf } from "./cpu.ts";
import { rrCpu } from "./rr-cpus.ts";
import type { Host } from "./types.ts";

/** EX_RET_COND: every Zen has it. AMD PPR, "Core Performance Monitor Counters", PMCx0D1. */
const ZEN_TICKS = 0x5100d1n;
const ZEN_FAMILIES: readonly number[] = [0x17, 0x19, 0x1a];

/** Bits of a raw event on Intel. SDM volume 3B, "IA32_PERFEVTSELx". */
export const IN_TX = 1n << 32n;
export const IN_TXCP = 1n << 33n;

/** Raw config of the event; undefined for a processor that no table has. */
export function ticksConfig(host: Host): bigint | undefined {
  const cpu = cpuOf(host);
  if (cpu.vendor === "AuthenticAMD" && ZEN_FAMILIES.includes(cpu.family)) return ZEN_TICKS;
  return rrCpu(cpu)?.ticks;
}

/**
 * The event as the probes open it: off at first, user mode of this machine only.
 *
 * @param config Raw config, with IN_TX or IN_TXCP added as needed.
 * @param more What else the attr has.
 */
export function ticksAttr(config: bigint, more: Partial<PerfAttr> = {}): PerfAttr {
  return { type: PERF_TYPE.RAW, config, flags: ["disabled", "exclude_kernel", "exclude_guest"], ...more };
}
