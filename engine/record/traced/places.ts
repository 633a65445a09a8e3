/**
 * Where tracees stop by their debug registers: before an instruction that their tracer names, or behind an access to memory
 * that it watches. Both are between two instructions of a block, which replay finds by the counts and the registers there.
 */
import { PTRACE, SIG, SIGINFO, TRAP } from "../../../ffi/mod.ts";
import { pcOf } from "../../arch/x86_64/registers.ts";
import { faultingState } from "../../tracee/fault.ts";
import { isTrap } from "../../tracee/kernel-stop.ts";
import type { StashedSignal } from "../../tracee/task.ts";
import type { Tracer } from "../../tracee/tracer.ts";
import type { DeliveryPoint } from "../delivery.ts";
import type { RecordedTask } from "../recorded-task.ts";

/** No instruction's translation is longer, in instructions of the processor. */
const MOST_STEPS = 32;

/** What this has to know of a recording. */
interface Placed {
  readonly tracer: Tracer;
  readonly tasks: ReadonlyMap<number, RecordedTask>;
}

/** A stop by debug registers: the signal that it is, and where it comes. */
export interface PlaceStop {
  readonly stashed: StashedSignal;
  readonly where: DeliveryPoint;
}

/** Has tracees stop, and says what their stops are. */
export class TracedPlaces {
  constructor(private readonly recording: Placed) {}

  /** The place that a task steps from: nobody stops there until it has. */
  #passed: number | undefined;

  /** A task goes on at a pc. If it is a place to stop at, it has done so. */
  goesOn(task: RecordedTask, pc: number): void {
    if (this.#passed !== undefined) this.#pass(undefined);
    if (!this.recording.tracer.mapper.stops.has(pc)) return;
    if (task.stepsItself) this.#pass(pc);
    else task.leaveForStop();
  }

  #pass(pc: number | undefined): void {
    this.#passed = pc;
    this.changed();
  }

  /** Debug registers of a tracee have changed. */
  changed(): void {
    const { tracer, tasks } = this.recording;
    const places = new Set<number>();
    for (const { tracing } of tasks.values())
      for (const pc of tracing?.debug.places.keys() ?? []) if (pc !== this.#passed) places.add(pc);
    if (tracer.mapper.stopAt(places))
      for (const task of tasks.values()) if (!task.running && task.isInCache && !task.call) task.leaveCache();
    tracer.watchpoints.follow((task) => tasks.get(task.tid)?.tracing?.debug.watches ?? []);
  }

  /** A task has come to a place where some task is to stop. @returns undefined if it is none of its own. */
  atPlace(task: RecordedTask): PlaceStop | undefined {
    const pc = task.between?.pc;
    if (pc === undefined || !task.tracing?.debug.hitPlace(pc)) return undefined;
    task.leaveStop();
    return this.#stop(task, task.view(pc));
  }

  /** A task stands behind an access to memory that is watched in it. */
  atAccess(task: RecordedTask): PlaceStop | undefined {
    const { tracer } = this.recording;
    task.tracing?.debug.hitWatch(tracer.watchpoints.takeHit(task));
    if (!task.tracing || !this.#endInstruction(task)) return undefined;
    return this.#stop(task, faultingState(task).registers);
  }

  /** Brings a task to the end of the instruction in whose translation it is. @returns Whether it could. */
  #endInstruction(task: RecordedTask): boolean {
    const { cache } = task.space.cacheSpace;
    const from = cache.position(task.pc - 1)?.pc;
    for (let steps = 0; cache.position(task.pc)?.pc === from; steps++) {
      const stop = this.recording.tracer.advance(task, PTRACE.SINGLESTEP);
      if (steps === MOST_STEPS || !isTrap(stop)) return false;
    }
    return cache.position(task.pc) !== undefined;
  }

  #stop(task: RecordedTask, registers: DeliveryPoint["registers"]): PlaceStop {
    const siginfo = new Uint8Array(SIGINFO.size);
    const view = new DataView(siginfo.buffer);
    view.setInt32(SIGINFO.si_signo, SIG.SIGTRAP, true);
    view.setInt32(SIGINFO.si_code, TRAP.HWBKPT, true);
    view.setBigUint64(SIGINFO.si_addr, pcOf(registers), true);
    task.returnedTo = -1;
    return {
      stashed: { signal: SIG.SIGTRAP, siginfo },
      where: { point: "place", registers, atSignalStop: true, forced: true },
    };
  }
}
