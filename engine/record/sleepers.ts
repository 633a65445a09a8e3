/**
 * Who sleeps in the kernel while a task runs, and could be woken by what that does without a stop.
 *
 * One that is woken does the rest of its call at once, wherever the running task is by then. Its event comes when the recorder
 * hears of it: behind the call that has woken it, and before the next one, since the stub does no call behind one that may
 * have woken somebody. So events are in the order of the effects all the same, as long as the running task sees nothing of
 * them in between: of what is written to memory, which it could see without a call.
 */
import { outputRanges, SLEEPERS, sleepsAs } from "../kernel/mod.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** What a running task has to know of those that sleep. */
export interface Sleepers {
  /** Bits of {@link SLEEPERS}. */
  who: number;
  /** One of them that sleeps in a call by a descriptor could write to memory that the task sees. */
  isSeen: boolean;
}

/** A result of a call that has filled all the room that it was given. */
const ALL_THAT_FITS = 2 ** 31;

/** @param tasks All living tasks. */
export function sleepersBeside(task: RecordedTask, tasks: Iterable<RecordedTask>): Sleepers {
  let [who, isSeen] = [0, false];
  for (const other of tasks) {
    const { call, state } = other;
    // Without a call it is about to end, and hears of nothing.
    if (other === task || state !== "blocked" || call === undefined) continue;
    const kind = sleepKind(other);
    who |= kind;
    if (kind !== SLEEPERS["readers and writers"]) continue;
    isSeen ||= other.space === task.space ? other.hasOutputs : writesShared(other, call);
  }
  return { who, isSeen };
}

/** Which of {@link SLEEPERS} a task is that is in the kernel. */
export function sleepKind({ call }: RecordedTask): number {
  return call?.spec === undefined ? SLEEPERS.others : sleepsAs(call.spec);
}

/** Whether a call may write to memory of its process that others may have as well. */
function writesShared({ space, hasOutputs }: RecordedTask, call: Call): boolean {
  const shared = space.mappings.all.filter((mapping) => mapping.shared);
  if (!hasOutputs || shared.length === 0 || call.spec === undefined) return false;
  const { result } = call;
  call.result = ALL_THAT_FITS;
  const ranges = outputRanges(call.spec, call);
  call.result = result;
  return ranges.some(({ address, length }) =>
    shared.some(({ start, end }) => address < end && address + length > start),
  );
}
