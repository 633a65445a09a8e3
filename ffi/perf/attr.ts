/** struct perf_event_attr, built field by field. Source: linux/perf_event.h. */

import { NativeBuffer } from "../memory/mod.ts";
import { PERF_ATTR_BIT, type PerfAttrFlag } from "./constants.ts";

/** Sizes that the struct has had; a kernel refuses a longer one than it knows only if the rest is not 0. */
export const PERF_ATTR_SIZE = {
  VER0: 64,
  VER1: 72,
  VER2: 80,
  VER3: 96,
  VER4: 104,
  VER5: 112,
  VER6: 120,
  VER7: 128,
  VER8: 136,
} as const;

/** Offset and bytes of every field, in order. */
export const PERF_ATTR = {
  type: [0, 4],
  size: [4, 4],
  config: [8, 8],
  /** Union with sample_freq (flag `freq`). */
  sample_period: [16, 8],
  sample_type: [24, 8],
  read_format: [32, 8],
  flags: [40, 8],
  /** Union with wakeup_watermark (flag `watermark`). */
  wakeup_events: [48, 4],
  bp_type: [52, 4],
  /** Union with bp_addr, kprobe_func, uprobe_path. */
  config1: [56, 8],
  /** Union with bp_len, kprobe_addr, probe_offset. Ends VER1. */
  config2: [64, 8],
  branch_sample_type: [72, 8],
  sample_regs_user: [80, 8],
  sample_stack_user: [88, 4],
  clockid: [92, 4],
  sample_regs_intr: [96, 8],
  aux_watermark: [104, 4],
  sample_max_stack: [108, 2],
  reserved_2: [110, 2],
  aux_sample_size: [112, 4],
  reserved_3: [116, 4],
  /** Ends VER7. */
  sig_data: [120, 8],
  config3: [128, 8],
} as const satisfies Record<string, readonly [offset: number, bytes: number]>;

/** Name of a field that a caller may set. */
export type PerfAttrField = Exclude<keyof typeof PERF_ATTR, "size" | "flags" | "reserved_2" | "reserved_3">;

/** What to count: `type` and `config` at least. */
export interface PerfAttr extends Partial<Record<PerfAttrField, number | bigint>> {
  readonly type: number;
  readonly config: number | bigint;
  /** Flags to set. @default none */
  readonly flags?: readonly PerfAttrFlag[];
  /** Skid wanted of sampling, 0…3. @default 0 */
  readonly precise_ip?: number;
}

/**
 * Encodes an attr into native memory, which the caller disposes.
 *
 * The size is VER7 (Linux 5.13), or VER8 when config3 is used, so that older kernels do not refuse it.
 */
export function encodePerfAttr(attr: PerfAttr): NativeBuffer {
  const size = attr.config3 === undefined ? PERF_ATTR_SIZE.VER7 : PERF_ATTR_SIZE.VER8;
  const buffer = NativeBuffer.map(PERF_ATTR_SIZE.VER8);
  let flags = BigInt(attr.precise_ip ?? 0) << BigInt(PERF_ATTR_BIT.precise_ip);
  for (const flag of attr.flags ?? []) flags |= 1n << BigInt(PERF_ATTR_BIT[flag]);
  const values: Record<string, unknown> = { ...attr, size, flags };
  for (const [name, [offset, bytes]] of Object.entries(PERF_ATTR)) {
    const value = BigInt((values[name] as number | bigint | undefined) ?? 0);
    if (bytes === 8) buffer.view.setBigUint64(offset, value, true);
    else if (bytes === 4) buffer.view.setUint32(offset, Number(value), true);
    else buffer.view.setUint16(offset, Number(value), true);
  }
  return buffer;
}
