/**
 * System calls that the tracer makes in the name of a stopped task, many at one stop: taking a program over, or building it
 * again in a replay, takes dozens, and a stop costs a hundred times what most of them do.
 */
import { uses } from "../optimisations.ts";
import { CONTEXT } from "../translate/context.ts";
import { CALL_ENTRY, hasMadeList } from "./call-stub.ts";
import type { Controller } from "./controller.ts";
import { isTrap } from "./kernel-stop.ts";
import type { Task } from "./task.ts";

/** A call: its number, and at most six numbers or addresses. */
export type InjectedCall = readonly [number: number, ...args: number[]];

/** Bytes of a call in the list, and how many words of it are its number and its arguments. */
const ENTRY = 64;
const WORDS = 7;
/** The list lies in the context, far behind what else the tracer puts there for calls. */
const LIST = { at: 0x8000, calls: 256 } as const;

/**
 * Makes calls one after the other; the task is put back as it was.
 *
 * @returns Results or -errno. All calls are made, whatever comes of those before.
 */
export function injectAll(tracer: Controller, task: Task, calls: readonly InjectedCall[]): number[] {
  if (!task.space.hasContext || calls.length < 2 || !uses("lists"))
    return calls.map(([number, ...args]) => tracer.inject(task, number, ...args));
  const results: number[] = [];
  for (let from = 0; from < calls.length; from += LIST.calls)
    results.push(...makeList(tracer, task, calls.slice(from, from + LIST.calls)));
  return results;
}

function makeList(tracer: Controller, task: Task, calls: readonly InjectedCall[]): number[] {
  const { cacheSpace } = task.space;
  const { base } = cacheSpace;
  const { buffer, byteOffset } = cacheSpace.scratch;
  const list = new DataView(buffer, byteOffset + LIST.at - CONTEXT.scratch, ENTRY * calls.length);
  for (const [i, call] of calls.entries()) {
    for (let word = 0; word < WORDS; word++)
      list.setBigUint64(ENTRY * i + 8 * word, BigInt.asUintN(64, BigInt(call[word] ?? 0)), true);
  }
  const saved = task.registers.slice();
  task.set("rbx", base + LIST.at);
  task.set("rbp", base + LIST.at + ENTRY * calls.length);
  task.forgetCall();
  task.set("rip", base + CALL_ENTRY.list);
  tracer.runInjected(task, (stop) => isTrap(stop) && hasMadeList(base, task.number("rip")));
  task.registers.set(saved);
  task.dirty = true;
  return calls.map((_, i) => Number(list.getBigInt64(ENTRY * i + 8 * WORDS, true)));
}
