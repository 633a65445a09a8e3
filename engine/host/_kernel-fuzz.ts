/**
 * The same calls of perf_event_open on this machine's kernel and on a model of this very kernel: attributes that make sense
 * half of the time, with groups, outputs and targets of all kinds. Whoever runs it compares the answers.
 */
import { cpus, release } from "node:os";
import {
  errnoInfo,
  liveFacts,
  livePerf,
  PERF_ATTR,
  PERF_ATTR_SIZE,
  PERF_FLAG,
  type PerfSystem,
  parseCpuList,
  rawSyscall,
  SYSCALLS,
  unwrap,
} from "../../ffi/mod.ts";
import { haswell } from "./_profiles.ts";
import type { Random } from "./_random.ts";
import { createHostModel } from "./mod.ts";
import type { HostProfile } from "./profile.ts";

const TASK = 100;
/** No task has this id: it is above the kernel's greatest pid. */
const NOBODY = 0x3fff_fff0;
/** Types that a PMU of this machine may answer for, and some that none does. Breakpoints, probes and tracepoints are others'. */
const TYPES = [0, 1, 1, 1, 1, 1, 1, 1, 3, 4, 77, 0xffff_ffff];
/** Offsets and widths of fields that `PERF_ATTR` has no name for. */
const NOISE = 4;

function setting(name: string): number {
  return Number(liveFacts.readFile(`/proc/sys/kernel/${name}`)?.trim());
}

/** From this perf_event_paranoid on distributions' patches differ in whom they refuse. */
const PATCHED = 3;

/**
 * A profile of this machine, as far as perf_event_open can tell.
 *
 * @param privileged Whether the calls are made as root, or by somebody without any capability.
 * @returns Why none can be made, in words.
 */
export function thisKernel(privileged = true): HostProfile | string {
  if (
    liveFacts.readDirectory("/sys/bus/event_source/devices")?.some((name) => /^cpu(_|$)/.test(name)) !== false
  ) {
    return "this machine has a PMU, whose own refusals depend on more than a profile says";
  }
  if (process.geteuid?.() !== 0) return "only root is sure of its privileges";
  if (!privileged && setting("perf_event_paranoid") >= PATCHED) {
    return "whom this perf_event_paranoid refuses is up to the distribution";
  }
  const online = parseCpuList(liveFacts.readFile("/sys/devices/system/cpu/possible") ?? "");
  return haswell({
    cpu: { cores: Math.max(online.length, cpus().length) },
    hypervisor: {
      kind: "kvm",
      hostKernel: "6.1.0",
      inTxCpFix: true,
      vpmu: false,
      counters: 0,
      fixedCounters: 0,
    },
    kernel: {
      release: release(),
      privileged,
      perfEventParanoid: setting("perf_event_paranoid"),
      perfEventMaxSampleRate: setting("perf_event_max_sample_rate"),
    },
  });
}

/** Bytes of a random attr. */
function randomBytes(random: Random): Uint8Array {
  const size = random.pick([
    PERF_ATTR_SIZE.VER0,
    72,
    80,
    96,
    104,
    112,
    120,
    PERF_ATTR_SIZE.VER7,
    PERF_ATTR_SIZE.VER8,
    PERF_ATTR_SIZE.VER8,
    PERF_ATTR_SIZE.VER8,
    160,
  ]);
  const bytes = new Uint8Array(4200);
  const view = new DataView(bytes.buffer);
  const put = (name: keyof typeof PERF_ATTR, value: bigint) => {
    const [offset, width] = PERF_ATTR[name];
    if (width === 8) view.setBigUint64(offset, BigInt.asUintN(64, value), true);
    else if (width === 4) view.setUint32(offset, Number(BigInt.asUintN(32, value)), true);
    else view.setUint16(offset, Number(BigInt.asUintN(16, value)), true);
  };
  const some = (name: keyof typeof PERF_ATTR, often: number, values: readonly (bigint | number)[]) => {
    if (random.once(often)) put(name, BigInt(random.pick(values)));
  };
  put("type", BigInt(random.pick(TYPES)));
  put("size", BigInt(random.once(12) ? random.pick([0, 1, 63, 4096, 4097, 5000, 0xffff_ffff]) : size));
  put(
    "config",
    BigInt(random.once(12) ? random.pick([0xffn, 1n << 32n, 1n << 63n, 0x1_0000_0001n]) : random.upTo(14)),
  );
  some("sample_period", 2, [
    0,
    1,
    100,
    4000,
    99_999,
    1_000_001,
    1n << 40n,
    1n << 62n,
    1n << 63n,
    (1n << 64n) - 1n,
  ]);
  const sampleTypes = [
    () => 0n,
    () => BigInt(random.upTo(0x1ff)),
    () => BigInt(random.upTo(0x1ff)),
    () => 1n << BigInt(random.upTo(26)),
    () => BigInt(random.upTo(0x3ff_ffff)),
  ];
  put("sample_type", random.pick(sampleTypes)());
  some("read_format", 2, [1, 2, 3, 4, 7, 8, 12, 15, 16, 24, 31, 32, 64, 1n << 40n]);
  some("branch_sample_type", 3, [0, 1, 2, 7, 8, 9, 1 << 19, 1 << 20, 1n << 50n]);
  some("sample_regs_user", 3, [0, 1, 0xff_0fff, 1 << 12, 1 << 24, 1n << 32n, 1n << 40n, (1n << 64n) - 1n]);
  some("sample_regs_intr", 3, [0, 1, 0xff_0fff, 1 << 12, 1n << 32n, 1n << 63n]);
  some("sample_stack_user", 3, [0, 4, 8, 65_528, 65_535, 65_536, 0x8000_0000]);
  some("clockid", 4, [0, 1, 2, 4, 7, 9, 11, 99, -1]);
  some("sample_max_stack", 4, [0, 1, 127, 128, 2000, 65_535]);
  some("aux_sample_size", 10, [1, 8, 4096, 0xffff_ffff]);
  some("aux_watermark", 10, [1, 4096]);
  some("wakeup_events", 3, [1, 2, 4096, 0xffff_ffff]);
  some("reserved_2", 40, [1]);
  some("reserved_3", 10, [1, 2, 3, 4, 6, 8, 0x100]);
  some("config1", 8, [1, 0x1000]);
  some("config2", 8, [1, 4]);
  // Always disabled: with `sigtrap` an event that counts would end this very process.
  let flags = 1n | (random.once(8) ? 0n : 1n << 5n);
  const many = random.pick([4, 10, 20]);
  for (let bit = 1; bit < 38; bit++) if (random.once(many)) flags |= 1n << BigInt(bit);
  if (random.once(30)) flags |= 1n << BigInt(38 + random.upTo(25));
  put("flags", flags);
  for (let noise = random.once(20) ? random.upTo(NOISE) : -1; noise >= 0; noise--) {
    bytes[random.upTo(size - 1)] = random.upTo(255);
  }
  bytes[PERF_ATTR.flags[0]] = (bytes[PERF_ATTR.flags[0]] ?? 0) | 1;
  return bytes;
}

/** How a call is answered: "opens" or the error's name. */
export interface Answers {
  readonly live: string;
  readonly model: string;
  /** The call in words, to try it again by hand. */
  readonly call: string;
  readonly attr: Uint8Array;
  readonly flags: number;
  readonly group: number;
}

/** An open descriptor of each side. */
interface Pair {
  readonly live: number;
  readonly model: number;
}

/** A session of calls on both sides; what is open is closed at the end. */
export class TwoKernels implements Disposable {
  readonly #random: Random;
  readonly #model: PerfSystem;
  readonly #open: Pair[] = [];

  constructor(profile: HostProfile, random: Random) {
    this.#random = random;
    const model = createHostModel(profile);
    model.switchIn(TASK);
    this.#model = model.perfFor(TASK);
  }

  /** Asks both the same. */
  ask(): Answers {
    const random = this.#random;
    const attr = randomBytes(random);
    const [pid, modelPid] = random.pick<readonly [number, number]>([
      [0, 0],
      [0, 0],
      [0, 0],
      [process.pid, TASK],
      [-1, -1],
      [NOBODY, NOBODY],
      [-2, -2],
    ]);
    const cpu = random.pick([-1, -1, -1, -1, 0, 0, 1, 5000, -2]);
    const pair = random.once(3)
      ? this.#open.length > 0
        ? random.pick(this.#open)
        : { live: 4000, model: 4000 }
      : undefined;
    const group =
      pair ?? (random.once(20) ? { live: random.pick([4000, -2]), model: 4000 } : { live: -1, model: -1 });
    const flags = random.pick([
      0,
      0,
      0,
      PERF_FLAG.FD_NO_GROUP,
      PERF_FLAG.FD_OUTPUT,
      3,
      PERF_FLAG.PID_CGROUP,
      16,
      8,
    ]);
    const liveAttr = attr.slice();
    const live = livePerf.open(liveAttr, pid, cpu, group.live, flags);
    const model = this.#model.open(attr, modelPid, cpu, group.model, flags);
    const name = (result: number) => (result >= 0 ? "opens" : errnoInfo(-result).code);
    if (live >= 0 && model >= 0) this.#open.push({ live, model });
    else if (live >= 0) livePerf.close(live);
    else if (model >= 0) this.#model.close(model);
    if (this.#open.length > 12) this.#close(this.#open.splice(random.upTo(10), 1)[0]);
    const call = `pid ${pid === process.pid ? "self" : pid} cpu ${cpu} group ${pair ? "open" : group.live} flags ${flags}`;
    return { live: name(live), model: name(model), call, attr, flags, group: group.live };
  }

  #close(pair: Pair | undefined): void {
    if (!pair) return;
    livePerf.close(pair.live);
    this.#model.close(pair.model);
  }

  [Symbol.dispose](): void {
    for (const pair of this.#open.splice(0)) this.#close(pair);
  }
}

/** The kernel takes this for "as it is". */
const UNCHANGED = -1;
const NOBODYS_UID = 65_534;

/** Does something as nobody, who has no capability: this thread alone, as root may be root again. */
export function asNobody<T>(action: () => T): T {
  const become = (uid: number) => rawSyscall(SYSCALLS.setresuid, UNCHANGED, uid, UNCHANGED);
  unwrap("setresuid", become(NOBODYS_UID));
  try {
    return action();
  } finally {
    unwrap("setresuid", become(0));
  }
}
