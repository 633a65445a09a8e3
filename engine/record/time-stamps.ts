/**
 * Time stamps that a program wants to fault (prctl PR_SET_TSC, and the strict mode of seccomp): the kernel sets the processor
 * up for that, and the recorder leaves each `rdtsc` of such a task to the processor.
 *
 * Source: set_tsc_mode and disable_TSC in arch/x86/kernel/process.c, Linux 6.18. Threads, children and new programs keep it.
 */
import { SYSCALLS } from "../../ffi/mod.ts";
import { BUFFERED, type BufferedCall } from "../kernel/mod.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import type { Interceptor } from "./interceptor.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** PR_SET_TSC, and what it sets (linux/prctl.h). */
const SET_TSC = 26;
const MODE = { enable: 1, fault: 2 } as const;

/** Lets the time stamps of a task fault, as its own prctl would. */
export function refuseTimeStamps(tracer: Tracer, task: RecordedTask): void {
  if (tracer.inject(task, SYSCALLS.prctl, SET_TSC, MODE.fault, 0, 0, 0) === 0) task.readsTimeStamps = false;
}

/** Knows whose time stamps fault. */
export class TimeStamps implements Interceptor {
  spares(): readonly BufferedCall[] {
    return BUFFERED;
  }

  leaves(task: RecordedTask, call: Call): void {
    if (call.number !== SYSCALLS.prctl || call.int(0) !== SET_TSC || call.result !== 0) return;
    task.readsTimeStamps = call.int(1) !== MODE.fault;
  }

  born(parent: RecordedTask, child: RecordedTask): void {
    child.readsTimeStamps = parent.readsTimeStamps;
  }
}
