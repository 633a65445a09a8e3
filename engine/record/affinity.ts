/**
 * Which processors tasks run on, as they know it: the engine binds them to one (`tracee/binding.ts`), unless the program has
 * chosen itself, and they see those that they would have without.
 */
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { UNKNOWN_PROCESSOR } from "./restartable-area.ts";

/** After a sched_getaffinity that succeeded. */
export function showAllProcessors(recording: Recording, task: RecordedTask, call: Call): void {
  const asked = namedBy(recording, task, call);
  if (!asked || asked.choseProcessors) return;
  const mask = new Uint8Array(call.result);
  let { all } = recording.binding;
  for (let i = 0; i < mask.length; i++, all >>= 8n) mask[i] = Number(all & 255n);
  task.space.memory.write(call.argument(2), mask);
}

/** After a sched_setaffinity that succeeded. */
export function choseProcessors(recording: Recording, task: RecordedTask, call: Call): void {
  const chosen = namedBy(recording, task, call);
  if (!chosen) return;
  chosen.choseProcessors = true;
  if (chosen.restartable) chosen.restartable.processor = UNKNOWN_PROCESSOR;
}

/** The recorded task that a call names by its first argument: 0 is the caller. */
function namedBy(recording: Recording, task: RecordedTask, call: Call): RecordedTask | undefined {
  const tid = call.int(0);
  return tid === 0 ? task : recording.tasks.get(tid);
}
