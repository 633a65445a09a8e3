/** Registers that a task gets other than by what it runs: those that its tracer has set, or those of a sequence that begins anew. */
import { pcOf } from "../arch/x86_64/registers.ts";
import type { Point, Registers, TraceEvent } from "../trace/events.ts";
import { type RecordedTask, setPc } from "./recorded-task.ts";

/** What this needs of a recording. */
export interface PuttingLog {
  readonly tracedPlaces: { goesOn(task: RecordedTask, pc: number): void };
  emit(task: RecordedTask, event: TraceEvent): void;
}

/**
 * Lets a task go on with other registers, which is an event; it is in no call from then on.
 *
 * @param put Where it stands, with which registers, and what it has afterwards. @default vectors: as they are
 */
export function putRegisters(
  recording: PuttingLog,
  task: RecordedTask,
  put: { point: Point; registers: Registers; after: Registers; vectors?: Uint8Array },
): void {
  const { point, registers, after, vectors = new Uint8Array(0) } = put;
  const { id, ticks, jumps } = task;
  recording.emit(task, { kind: "registers", task: id, ticks, registers, point, jumps, after, vectors });
  task.load(after);
  task.forgetCall();
  const pc = Number(pcOf(after));
  setPc(task, pc);
  recording.tracedPlaces.goesOn(task, pc);
  task.resumed = undefined;
}
