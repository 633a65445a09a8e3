/**
 * Restartable sequences: pieces of a program that begin anew, at a place that they name, where their task is interrupted in
 * their midst. The kernel knows nothing of them (`rseq-call.ts`): its tasks never run the program's text. A task is
 * interrupted where the engine lets another one run, ends its slice, moves it to another processor, or lets a handler of a
 * signal in, and nowhere else.
 *
 * Invariant: an area says on which processor its task runs, as far as anybody can tell from outside; of tasks of which one
 * runs at a time, each can have the concurrency id 0 (mm_cid).
 *
 * A replay knows nothing of all that: the trace has the registers and the memory that it has come to.
 *
 * Source: rseq_ip_fixup, rseq_get_rseq_cs and rseq_need_restart in kernel/rseq.c, Linux 6.18.
 */
import { readdirSync } from "node:fs";
import { getAffinity, SI, SIG } from "../../ffi/mod.ts";
import { leaveCall } from "../arch/x86_64/call-abi.ts";
import { pcOf, setPc } from "../arch/x86_64/registers.ts";
import type { MemoryWrite, Point, Registers } from "../trace/events.ts";
import type { Binding } from "../tracee/binding.ts";
import { programPc } from "../tracee/position.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { DeliveryPoint } from "./delivery.ts";
import { processorIn } from "./kernel-state.ts";
import { type PuttingLog, putRegisters } from "./put-registers.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { type RestartableArea, RSEQ, UNKNOWN_PROCESSOR } from "./restartable-area.ts";
import { siginfo } from "./traced/tracing.ts";

/** struct rseq_cs, and its offsets. */
const SECTION = { size: 32, version: 0, flags: 4, start: 8, length: 16, abort: 24 } as const;
const NOTHING = new Uint8Array(8);
const WORDS = 2n ** 64n - 1n;
/** End of what addresses a section may have (TASK_SIZE_MAX). */
const USER_END = 2n ** 47n - 4096n;

/** What becomes of a task that is interrupted at some pc. */
type Outcome =
  | { readonly kind: "none" }
  | { readonly kind: "broken" }
  /** It is in no sequence any more. */
  | { readonly kind: "left" }
  | { readonly kind: "restart"; readonly pc: bigint };

/** What this has to know of a recording. */
interface Restarting extends PuttingLog {
  readonly binding: Binding;
  changedFromOutside(task: RecordedTask, writes: MemoryWrite[]): void;
}

/** The processor that a task is on, or will be; undefined where nobody knows. */
export function processorOf(binding: Binding, task: RecordedTask): number | undefined {
  if (!task.choseProcessors) return binding.processor;
  const last = processorIn(task.tid);
  const allowed = getAffinity(task.tid);
  if (last !== undefined && (allowed >> BigInt(last)) & 1n) return last;
  return allowed === 0n ? undefined : allowed.toString(2).split("").reverse().indexOf("1");
}

const nodes = new Map<number, number>();

/** The node of memory of a processor; 0 where the kernel names none. */
export function nodeOf(processor: number): number {
  const known = nodes.get(processor);
  if (known !== undefined) return known;
  const names = readdirSync(`/sys/devices/system/cpu/cpu${processor}`);
  const node = Number(names.find((name) => /^node\d+$/.test(name))?.slice("node".length) ?? 0);
  nodes.set(processor, node);
  return node;
}

/** The signal of a sequence that is none: SIGSEGV, which no handler gets, since its own frame would come to the same. */
export function brokenSequence(): StashedSignal {
  return { signal: SIG.SIGSEGV, siginfo: siginfo(SIG.SIGSEGV, SI.KERNEL, 0, 0) };
}

/** Looks after the sequences of a recording's tasks. */
export class Restartable {
  /** The task that has run last, unless its slice is over: no other one has been in between. */
  #uninterrupted: RecordedTask | undefined;

  constructor(private readonly recording: Restarting) {}

  /**
   * A task that stands at a point is about to run.
   *
   * @returns Where it is to die, if it is in a sequence that is none.
   */
  resumes(task: RecordedTask): DeliveryPoint | undefined {
    const isPreempted = this.#uninterrupted !== task;
    this.#uninterrupted = task;
    const area = task.restartable;
    if (!area) return undefined;
    const isToBeAsked = isPreempted || area.processor === UNKNOWN_PROCESSOR || !task.choseProcessors;
    const processor = isToBeAsked ? processorOf(this.recording.binding, task) : area.processor;
    const moves = processor !== undefined && processor !== area.processor;
    if (!isPreempted && !moves) return undefined;
    const at = placeOf(task);
    const outcome = this.#outcome(task, area, pcOf(at.registers));
    if (outcome.kind === "broken") return { ...at, atSignalStop: false };
    const writes: MemoryWrite[] = [];
    if (outcome.kind === "restart") this.#restart(task, at, outcome.pc);
    if (outcome.kind !== "none") writes.push(leaving(area));
    if (moves) writes.push(...arriving(area, processor));
    for (const { address, bytes } of writes) task.space.memory.write(address, bytes);
    this.recording.changedFromOutside(task, writes);
    return undefined;
  }

  /** The slice of the task that runs is over, and it may be the next one that runs. */
  sliceEnds(): void {
    this.#uninterrupted = undefined;
  }

  /**
   * A handler of a signal is about to be entered.
   *
   * @returns Where it is entered from, and what was written; undefined if the task is to die instead.
   */
  handles(
    task: RecordedTask,
    at: DeliveryPoint,
  ): { readonly at: DeliveryPoint; readonly writes: readonly MemoryWrite[] } | undefined {
    const area = task.restartable;
    // Within a sequence there are no system calls.
    if (!area || at.interrupted) return { at, writes: [] };
    const outcome = this.#outcome(task, area, pcOf(at.registers));
    if (outcome.kind === "broken") return undefined;
    if (outcome.kind === "none") return { at, writes: [] };
    const write = leaving(area);
    task.space.memory.write(write.address, write.bytes);
    if (outcome.kind === "left") return { at, writes: [write] };
    const registers = this.#restart(task, at, outcome.pc);
    return { at: { ...at, point: "return", registers }, writes: [write] };
  }

  /** Lets a task go on where its sequence says, which is an event. */
  #restart(
    task: RecordedTask,
    { point, registers }: { point: Point; registers: Registers },
    pc: bigint,
  ): Registers {
    const after = registers.slice();
    setPc(after, pc);
    putRegisters(this.recording, task, { point, registers, after });
    return after;
  }

  #outcome({ space }: RecordedTask, area: RestartableArea, pc: bigint): Outcome {
    const own = space.memory.read(area.address, RSEQ.node).slice();
    if (own.length < RSEQ.node || !space.writable(area.address)) return { kind: "broken" };
    const view = new DataView(own.buffer);
    const address = view.getBigUint64(RSEQ.section, true);
    if (address === 0n) return { kind: "none" };
    if (address >= USER_END) return { kind: "broken" };
    const bytes = space.memory.read(Number(address), SECTION.size).slice();
    if (bytes.length < SECTION.size) return { kind: "broken" };
    const section = new DataView(bytes.buffer);
    const start = section.getBigUint64(SECTION.start, true);
    const length = section.getBigUint64(SECTION.length, true);
    const abort = section.getBigUint64(SECTION.abort, true);
    const isIn = (place: bigint): boolean => ((place - start) & WORDS) < length;
    const isOutside = start >= USER_END || start + length >= USER_END || abort >= USER_END;
    if (isOutside || section.getUint32(SECTION.version, true) > 0 || isIn(abort)) return { kind: "broken" };
    if (signatureBefore(space, abort) !== area.signature) return { kind: "broken" };
    if (!isIn(pc)) return { kind: "left" };
    const flags = section.getUint32(SECTION.flags, true) | view.getUint32(RSEQ.flags, true);
    return flags === 0 ? { kind: "restart", pc: abort } : { kind: "broken" };
  }
}

/** The word in front of the place that a sequence is continued at; undefined where there is none. */
function signatureBefore({ memory }: RecordedTask["space"], place: bigint): number | undefined {
  if (place < 4n) return undefined;
  const bytes = memory.read(Number(place - 4n), 4).slice();
  return bytes.length < 4 ? undefined : new DataView(bytes.buffer).getUint32(0, true);
}

/** What says that a task is in no sequence. */
function leaving({ address }: RestartableArea): MemoryWrite {
  return { address: address + RSEQ.section, bytes: NOTHING };
}

/** What says that a task has come to another processor. */
function arriving(area: RestartableArea, processor: number): MemoryWrite[] {
  area.processor = processor;
  const { address } = area;
  return [
    { address, bytes: new Uint8Array(new Uint32Array([processor, processor]).buffer) },
    { address: address + RSEQ.node, bytes: new Uint8Array(new Uint32Array([nodeOf(processor)]).buffer) },
  ];
}

/** Where a task stands that is about to run. */
function placeOf(task: RecordedTask): { point: Point; registers: Registers } {
  const { position, poll } = task;
  if (poll) return { point: poll.counter, registers: task.view(poll.pc) };
  const inCache = position.kind === "cache" ? task.space.cacheSpace.cache.position(task.pc)?.pc : undefined;
  const pc = inCache ?? programPc(position);
  const registers = task.view(pc);
  if (position.kind === "call") leaveCall(registers, pc);
  return { point: "return", registers };
}
