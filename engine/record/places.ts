/** Where the tasks of a recording stand when its recorder is told to stop. */
import { placeOf, type TaskPlace } from "../session/task-places.ts";
import { programPc } from "../tracee/position.ts";
import { RIP, RSP } from "../tracee/registers.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Where a task stands that is stopped at a point or blocked in the kernel. */
export function placeOfRecorded(task: RecordedTask): TaskPlace {
  const call = task.state === "ready" ? undefined : task.call;
  const place = call
    ? { pc: Number(call.registers[RIP]!), rsp: Number(call.registers[RSP]!), syscall: call.number }
    : { pc: programPc(task.position), rsp: task.number("rsp"), syscall: undefined };
  return { ...placeOf(task, place), state: task.state === "ready" ? "ready" : "blocked" };
}
