/**
 * What tasks do to memory around the ends of their turns: the replay is stepped through these stretches, and the operands of
 * each instruction are looked at. Of a long stretch, and of a turn with many events, only its start and its end are, where turns
 * meet. What the kernel does in the name of a task belongs to it: memory that it writes, and what has another name (`things.ts`).
 */
import { CLONE } from "../../ffi/mod.ts";
import { addressRegisters } from "../arch/x86_64/instructions.ts";
import { RIP } from "../arch/x86_64/registers.ts";
import type { ReplayedTask } from "../replay/replayed-task.ts";
import type { TraceEvent } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Mapping } from "../tracee/mappings.ts";
import type { MemoryOperands } from "../translate/memory-operands.ts";
import type { Debugger } from "./debugger.ts";
import { isRunTo } from "./event-index.ts";
import type { Position } from "./position.ts";
import { programPath } from "./program.ts";
import { ThingLog } from "./thing-log.ts";

/** A stretch of a recording in which one task alone has run: its events, both inclusive. */
export interface Turn {
  task: number;
  first: number;
  last: number;
}

/** One access of a task, or one place where it was: then `length` is 0. */
export interface Access {
  task: number;
  pc: number;
  /** In front of the instruction. */
  position: Position;
  /** Whose memory it is: of a process, or shared by name. */
  owner: string;
  address: number;
  length: number;
  isWrite: boolean;
  /** It reads and writes in one: nobody comes between. */
  isAtomic: boolean;
  /** A fork: it reads all memory of the process. */
  isFork: boolean;
  /** The instruction is the program's own, not a library's. */
  isOwn: boolean;
  /** The memory is the program's own: its variables or its heap, not what a library has made for itself. */
  isData: boolean;
  /** It is no memory, but what `owner` is called: a file, a descriptor, signals. */
  isThing: boolean;
  /** It is the signals of a process. */
  isSignal: boolean;
}

/** Ticks at each end of a stretch that are stepped through. */
const EDGE_TICKS = 60;
/** Events at each end of a turn whose stretches are looked at. */
const EDGE_EVENTS = 40;
/** Instructions of one stretch at most: between two branches there may be many. */
const MOST_STEPS = 1500;
/** Names of dynamic loaders (glibc, musl). */
const LOADER = /\/ld-(linux|musl)[^/]*$/;
/** Longest instruction, in bytes. */
const LONGEST = 15;

/** Of a place without an access. */
const NOWHERE = {
  owner: "",
  address: 0,
  length: 0,
  isWrite: false,
  isAtomic: false,
  isFork: false,
  isOwn: false,
  isData: false,
  isThing: false,
  isSignal: false,
};

/** Whether an event makes a process with memory of its own. */
function isFork(event: TraceEvent): boolean {
  return event.kind === "clone" && (event.flags & CLONE.VM) === 0;
}

/** Steps through turns of a replay. */
export class AccessLog implements Disposable {
  readonly #operands = memoryOperands();
  readonly #things: ThingLog;
  /** Accesses to files that have no name yet, and the events that have opened them. */
  readonly #openings = new Map<Access, number>();

  constructor(private readonly replay: Debugger) {
    this.#things = new ThingLog(replay);
  }

  /** What a task does in one of its turns, in order. */
  of(turn: Turn): Access[] {
    const { playhead } = this.replay;
    const found: Access[] = [];
    playhead.seekEvent(turn.first, false);
    while (playhead.position.event <= turn.last) {
      const { next, runner } = playhead;
      if (next === undefined) break;
      if (runner?.id === turn.task) {
        this.#stretch(runner, next.ticks, found);
        if (isFork(next)) found.push(this.#fork(runner));
        if (isRunTo(next)) found.push(...this.#kernels(runner, next));
      }
      playhead.passSilently();
      const { event } = playhead.position;
      const isBehindStart = event >= turn.first + EDGE_EVENTS;
      if (isBehindStart && event < turn.last - EDGE_EVENTS)
        playhead.seekEvent(turn.last - EDGE_EVENTS, false);
    }
    return found;
  }

  /** What the kernel does at an event in the name of its task. */
  #kernels(task: ReplayedTask, next: TraceEvent): Access[] {
    const { playhead, session } = this.replay;
    playhead.move(false);
    const { position } = playhead;
    // The library's function is as good as the call itself: nobody looks for a mistake in it.
    const pc = Number(task.programRegisters[RIP]!);
    const place = { ...NOWHERE, task: task.id, pc, position, isOwn: true };
    const program = programPath(session, task);
    const written = next.kind === "syscall" ? next.writes : [];
    return [
      ...written.map(({ address, bytes }): Access => {
        return { ...place, ...memoryArea(task, address, program), length: bytes.length, isWrite: true };
      }),
      ...this.#things.at(task, next).map(({ name, isWrite, isSignal = false, descriptor }): Access => {
        const access = { ...place, owner: name, length: 1, isWrite, isData: true, isThing: true, isSignal };
        return descriptor === undefined ? access : this.#nameless(access, descriptor, task.process.id);
      }),
    ];
  }

  /** An access to a file, whose name is found later: it is no access until then. */
  #nameless(access: Access, descriptor: number, process: number): Access {
    const opening = this.#things.openingOf(descriptor, process, access.position.event);
    const nameless = { ...access, length: 0 };
    if (opening !== undefined) this.#openings.set(nameless, opening);
    return nameless;
  }

  /** Gives files that were accessed by descriptors their names. The replay is anywhere then. */
  nameFiles(): void {
    for (const [access, opening] of this.#openings) {
      const name = this.#things.nameOf(opening);
      if (name !== undefined) Object.assign(access, { owner: name, length: 1 });
    }
    this.#openings.clear();
  }

  /** What a child gets a copy of, all is read in one. */
  #fork(task: ReplayedTask): Access {
    const { playhead } = this.replay;
    playhead.move(false);
    const { position } = playhead;
    const pc = Number(task.programRegisters[RIP]!);
    const owner = `process ${task.process.id}`;
    return { ...NOWHERE, task: task.id, pc, position, owner, isFork: true };
  }

  /** The way of a task to its next event. */
  #stretch(runner: ReplayedTask, until: number, found: Access[]): void {
    const { playhead } = this.replay;
    const from = runner.ticks;
    const isLong = until - from > 2 * EDGE_TICKS;
    const arrived = this.#step(found, isLong ? from + EDGE_TICKS : Number.POSITIVE_INFINITY);
    if (arrived || !isLong) return;
    playhead.toTick(until - EDGE_TICKS);
    this.#step(found, Number.POSITIVE_INFINITY);
  }

  /** Steps until a task has so many ticks. @returns Whether it has come to its event. */
  #step(found: Access[], ticks: number): boolean {
    const { playhead } = this.replay;
    for (let steps = 0; steps < MOST_STEPS; steps++) {
      const { runner } = playhead;
      if (runner === undefined || runner.isAtEvent) return true;
      if (runner.ticks >= ticks) return false;
      const accesses = this.#here(runner);
      const { pc, ticks: before } = placeOf(runner);
      const moved = playhead.move(true);
      const place = placeOf(runner);
      // An event may come in front of the instruction: then the task executes it in a later stretch.
      const isExecuted = moved !== "arrived" || place.pc !== pc || place.ticks !== before;
      if (isExecuted) found.push(...accesses);
      if (moved === "arrived") return true;
    }
    return false;
  }

  /** The accesses of the instruction that a task is going to execute. */
  #here(task: ReplayedTask): Access[] {
    const { space, programRegisters: registers } = task;
    const pc = Number(registers[RIP]!);
    const bytes = space.memory.read(pc, LONGEST).slice();
    const text = space.mappings.find(pc);
    const program = programPath(this.replay.session, task);
    const isOwn = text?.name === program;
    // What the dynamic loader notes in a program's tables is no variable of the program's.
    const isLoader = LOADER.test(text?.name ?? "");
    const { position } = this.replay.playhead;
    const place = { task: task.id, pc, position, isOwn };
    const operands = this.#operands.of(bytes, pc, addressRegisters(registers));
    const accesses = operands.map(({ address, length, isWrite, isAtomic }): Access => {
      const area = memoryArea(task, address, program);
      const isData = !isLoader && area.isData;
      return { ...NOWHERE, ...place, ...area, length, isWrite, isAtomic, isData };
    });
    if (accesses.length > 0) return accesses;
    return [{ ...NOWHERE, ...place }];
  }

  [Symbol.dispose](): void {
    this.#operands[Symbol.dispose]();
  }
}

function placeOf({ programRegisters, ticks }: ReplayedTask): { pc: bigint | undefined; ticks: number } {
  return { pc: programRegisters[RIP], ticks };
}

/** Whose memory an address is in. */
function memoryArea(
  { space, process }: ReplayedTask,
  address: number,
  program: string,
): Pick<Access, "owner" | "address" | "isData"> {
  const mapping = space.mappings.find(address);
  const owner = `process ${process.id}`;
  if (mapping === undefined) return { owner, address, isData: false };
  if (!mapping.shared) return { owner, address, isData: isDataOf(mapping, program, space) };
  // Of what is shared the place in it counts, wherever it is mapped.
  const at = address - mapping.start + mapping.offset;
  return { owner: mapping.memory ?? `file ${mapping.file}`, address: at, isData: true };
}

/** Whether a mapping has variables of a program, or its heap. Those without a value lie behind the others. */
function isDataOf({ name, file, start }: Mapping, program: string, { mappings }: AddressSpace): boolean {
  if (name === program || name === "[heap]") return true;
  return file < 0 && mappings.find(start - 1)?.name === program;
}

/** Loaded where somebody asks alone: a replay does without the decoder that it takes. */
function memoryOperands(): MemoryOperands {
  const {
    MemoryOperands,
  }: typeof import("../translate/memory-operands.ts") = require("../translate/memory-operands.ts");
  return new MemoryOperands();
}
