/** Where the tasks of a recording stand when its recorder is told to stop. */

import { pcOf, stackPointerOf } from "../arch/x86_64/registers.ts";
import { placeOf, type TaskPlace } from "../session/task-places.ts";
import { programPc } from "../tracee/position.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Where a task stands that is stopped at a point or blocked in the kernel. */
export function placeOfRecorded(task: RecordedTask): TaskPlace {
  const call = task.state === "ready" ? undefined : task.call;
  const place = call
    ? {
        pc: Number(pcOf(call.registers)),
        stackPointer: Number(stackPointerOf(call.registers)),
        syscall: call.number,
      }
    : { pc: programPc(task.position), stackPointer: Number(task.stackPointer), syscall: undefined };
  return { ...placeOf(task, place), state: task.state === "ready" ? "ready" : "blocked" };
}
