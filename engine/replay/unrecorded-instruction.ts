/** An instruction that stores floating-point state, and had nothing to tell in the recording: it is no event there. */

import { pcOf } from "../arch/x86_64/registers.ts";
import { forgetFloatingPlace, storeFloatingState, storesFloatingState } from "../arch/x86_64/x87.ts";
import type { TraceEvent } from "../trace/events.ts";
import { goOnBehind } from "../tracee/native-step.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { InstructionTrap } from "../translate/traps.ts";
import type { ReplayedTask } from "./replayed-task.ts";

/**
 * Goes on behind such an instruction.
 *
 * @param event The next one of the task.
 * @param isStep Whether it was stepped to: the stop that a step ends with stands behind it.
 * @returns False where it is none, or is the event itself.
 */
export function passesUnrecorded(
  tracer: Tracer,
  task: ReplayedTask,
  event: TraceEvent,
  trap: InstructionTrap,
  isStep = false,
): boolean {
  if (!storesFloatingState(trap)) return false;
  const isOfPlace = event.kind === "instruction" || event.kind === "signal";
  if (isOfPlace && task.ticks === event.ticks && pcOf(event.registers) === BigInt(trap.pc)) return false;
  forgetFloatingPlace(task);
  const stepped = storeFloatingState(tracer, tracer.text, task, trap);
  if (stepped.kind === "executed") goOnBehind(task, trap, stepped.pc, !isStep);
  return stepped.kind === "executed";
}
