/** Calls that end in their own ways: an execve, which other threads do not survive, and the return from a handler. */
import { SIG } from "../../ffi/mod.ts";
import { Unsupported } from "../engine-error.ts";
import type { Call } from "./call.ts";
import { hasPending } from "./kernel-state.ts";
import { type RecordedTask, setPc } from "./recorded-task.ts";

/**
 * The kernel has taken down a signal frame. What it could not read of it, or must not put into a register, has SIGSEGV at
 * once (badframe in sys_rt_sigreturn, arch/x86/kernel/signal_64.c, Linux 6.18), by a result of 0.
 */
export function returnFromHandler(task: RecordedTask, call: Call): void {
  const isUnread = task.space.cacheSpace.cache.syscallAt(task.pc) !== undefined;
  task.frameRefused = task.result === 0n && hasPending(task.tid, SIG.SIGSEGV);
  if (isUnread) task.leaveCallAt(call.next);
  if (task.isNarrow) {
    throw new Unsupported(
      `a signal handler returns into 32-bit code (cs 0x23, rip 0x${task.pcBits.toString(16)}); the embedded engine runs 64-bit programs`,
    );
  }
  setPc(task, isUnread ? call.next : task.pc);
  task.resumed = { ticks: task.ticks, jumps: task.jumps };
}

/** Whether a call is an execve that other threads have to die for, or that makes a thread the leader. */
export function endsThreads({ process, tid }: RecordedTask, call: Call): boolean {
  return isExec(call) && (process.tasks.size > 1 || tid !== process.pid);
}

/** Whether a call is an execve. */
export function isExec({ spec }: Call): boolean {
  return spec?.task === "exec";
}
