/**
 * The personality of processes (personality(2)). Recorded programs have no randomised layout, so that their translations can
 * be kept; they see that only if they, or whoever started the recorder, have asked for it.
 */
import { PERSONALITY } from "../../ffi/mod.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

const { ADDR_NO_RANDOMIZE } = PERSONALITY;
/** Argument that only asks. */
const ASK = 0xffffffff;

/** Before the kernel sees the call: whatever a program asks for, its layout stays as it is. */
export function keepLayout(task: RecordedTask, call: Call): void {
  const wanted = call.argument(0) % 2 ** 32;
  if (wanted !== ASK) call.change(task, 0, (wanted | ADDR_NO_RANDOMIZE) >>> 0);
}

/** After a call that succeeded: the program gets to see the personality that it had, and has the one that it asked for. */
export function showPersonality(task: RecordedTask, call: Call): void {
  const { process } = task;
  if (!process.fixedLayout) task.result = call.result & ~ADDR_NO_RANDOMIZE;
  call.result = Number(task.result);
  const wanted = call.argument(0) % 2 ** 32;
  if (wanted !== ASK) process.fixedLayout = (wanted & ADDR_NO_RANDOMIZE) !== 0;
}

/** Text of /proc/PID/personality (proc_pid_personality in fs/proc/base.c, Linux 6.18). */
export function visiblePersonality(text: string, { process }: RecordedTask): string {
  if (process.fixedLayout) return text;
  const seen = Number.parseInt(text, 16) & ~ADDR_NO_RANDOMIZE;
  return `${(seen >>> 0).toString(16).padStart(8, "0")}\n`;
}
