/** A program of one task on a described host, for tests: opens events, lets branches happen, reads. */
import {
  encodePerfAttr,
  errnoInfo,
  PERF_IOC,
  PERF_TYPE,
  type PerfAttr,
  type PerfAttrFlag,
  type PerfStep,
  type PerfSystem,
} from "../../ffi/mod.ts";
import { createHostModel } from "./mod.ts";
import type { HostModel, Overflow, Progress } from "./model-api.ts";
import type { HostProfile } from "./profile.ts";

/** The tick of Intel's big cores up to Comet Lake. */
export const TICKS = 0x5101c4n;
export const TASK = 100;
const USER: readonly PerfAttrFlag[] = ["exclude_kernel", "exclude_guest"];

export class Asking {
  readonly model: HostModel;
  readonly perf: PerfSystem;

  constructor(profile: HostProfile) {
    this.model = createHostModel(profile);
    this.model.switchIn(TASK);
    this.perf = this.model.perfFor(TASK);
  }

  /** Opens an event of this task in user mode: a descriptor, or the name of the error. */
  tryOpen(attr: Partial<PerfAttr> = {}, { group = -1, pid = 0, cpu = -1, flags = 0 } = {}): number | string {
    const { flags: more = [], ...rest } = attr;
    using encoded = encodePerfAttr({
      type: PERF_TYPE.RAW,
      config: TICKS,
      ...rest,
      flags: [...USER, ...more],
    });
    const fd = this.perf.open(encoded.u8, pid, cpu, group, flags);
    return fd < 0 ? errnoInfo(-fd).code : fd;
  }

  /** As {@link tryOpen}, where it must succeed. */
  open(attr: Partial<PerfAttr> = {}, target: { group?: number; pid?: number; cpu?: number } = {}): number {
    const fd = this.tryOpen(attr, target);
    if (typeof fd === "string") throw new Error(`open: ${fd}`);
    return fd;
  }

  /** An ioctl: its result, or the name of the error. */
  ioctl(fd: number, request: keyof typeof PERF_IOC, argument: number | bigint = 0): number | string {
    const result = this.perf.ioctl(fd, PERF_IOC[request], argument);
    return result < 0 ? errnoInfo(-result).code : result;
  }

  /** Words of a reading; none of an event in error. */
  read(fd: number): number[] {
    const words = new BigUint64Array(64);
    const bytes = this.perf.read(fd, words);
    if (bytes < 0) throw new Error(`read: ${errnoInfo(-bytes).code}`);
    return [...words.subarray(0, bytes / 8)].map(Number);
  }

  /** The value of a reading. */
  count(fd: number): number {
    return this.read(fd)[0]!;
  }

  run(...steps: readonly PerfStep[]): number[] {
    return this.perf.run(steps);
  }

  branches(count: number): readonly Overflow[] {
    return this.advance({ branches: count });
  }

  advance(progress: Progress): readonly Overflow[] {
    return this.model.advance(TASK, progress);
  }

  reschedule(): void {
    this.run({ do: "reschedule" });
  }
}
