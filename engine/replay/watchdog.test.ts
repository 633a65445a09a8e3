import { expect, test } from "bun:test";
import { NativeBuffer, pendingInterrupt } from "../../ffi/mod.ts";
import { catchInterrupts } from "../interrupts.ts";
import type { EndEvent, TraceEvent } from "../trace/events.ts";
import type { ReplayedTask } from "./replayed-task.ts";
import { Watchdog } from "./watchdog.ts";

const EVENT: Exclude<TraceEvent, EndEvent> = { kind: "exit", task: 1, ticks: 0, status: 0 } as never;

/** This process in the place of a replayed one, with counters in `memory`. */
function taskWith(memory: NativeBuffer): ReplayedTask {
  const cacheSpace = {
    get counters() {
      return memory.i32;
    },
  };
  return { id: 1, tid: process.pid, space: { cacheSpace } } as never;
}

/** Waits for the watchdog's timer to ring. */
function untilItLooks(watchdog: Watchdog): void {
  while (pendingInterrupt() === 0) Bun.sleepSync(5);
  expect(watchdog.look()).toBe(0);
}

test("Watchdog looks at a task whose counters are gone, as after its end or an execve", () => {
  using _ = catchInterrupts();
  const memory = NativeBuffer.map(4096);
  let event = 1;
  using watchdog = new Watchdog(() => event);
  watchdog.watch(taskWith(memory), EVENT);
  untilItLooks(watchdog);
  memory[Symbol.dispose]();
  event++;
  untilItLooks(watchdog);
}, 120_000);
