/** Where the tasks of a recording stand when its recorder is told to stop. */
import { syscallName } from "../../ffi/mod.ts";
import { callersOn, codePlace, type TaskPlace } from "../task-places.ts";
import { RIP, RSP } from "../tracee/registers.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Where a task stands that is stopped at a point or blocked in the kernel. */
export function placeOf(task: RecordedTask): TaskPlace {
  const { space, call } = task;
  const blocked = task.state === "ready" ? undefined : call;
  const pc = blocked ? Number(blocked.registers[RIP]!) : (task.appPc ?? task.place.pc);
  const rsp = blocked ? Number(blocked.registers[RSP]!) : task.number("rsp");
  return {
    task: task.id,
    process: task.process.id,
    state: task.state === "ready" ? "ready" : "blocked",
    at: codePlace(space, pc),
    ...(blocked && { syscall: syscallName(blocked.number) }),
    callers: callersOn(space, rsp),
  };
}
