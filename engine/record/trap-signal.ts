/**
 * SIGTRAP as the program knows it, beside the SIGTRAP that the engine lives by.
 *
 * Every trap of the code cache is a SIGTRAP that the kernel forces on the task: it would unblock the signal and
 * take its action away if the program had it blocked or ignored (force_sig_info_to_task in kernel/signal.c). So
 * for the kernel it is never blocked and never ignored; what the program asked for is kept here, and told to it
 * where it asks.
 */

import {
  getSigMask,
  KERNEL_SIGACTION,
  SIG,
  SIG_DFL,
  SIG_HOW,
  SIG_IGN,
  SIGSET_SIZE,
  SYSCALLS,
  setSigMask,
  signalBit,
  tgkill,
} from "../../ffi/mod.ts";
import { maskAddress } from "../arch/x86_64/signal-frame.ts";
import { evaluate } from "../kernel/mod.ts";
import { request } from "../tracee/controller.ts";
import type { StashedSignal } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

const TRAP_BIT = signalBit(SIG.SIGTRAP);

/** Before the kernel sees an rt_sigaction: SIGTRAP is set to the default instead of being ignored. */
export function hideIgnoredTrap(task: RecordedTask, call: Call): void {
  if (call.int(0) !== SIG.SIGTRAP || call.argument(1) === 0) return;
  const action = call.input?.slice();
  if (action?.length !== KERNEL_SIGACTION.size) return;
  const view = new DataView(action.buffer);
  if (view.getBigUint64(KERNEL_SIGACTION.handler, true) !== BigInt(SIG_IGN)) return;
  view.setBigUint64(KERNEL_SIGACTION.handler, BigInt(SIG_DFL), true);
  task.space.cacheSpace.scratch.set(action);
  call.change(task, 1, task.space.cacheSpace.scratchAddress);
}

/** After a system call that succeeded: what it says of SIGTRAP becomes what the program expects. */
export function mendTrap(task: RecordedTask, call: Call): void {
  switch (call.number) {
    case SYSCALLS.rt_sigaction:
      mendOldAction(task, call);
      break;
    case SYSCALLS.rt_sigprocmask:
      changeMask(task, call);
      break;
    case SYSCALLS.rt_sigpending:
      if (task.trap.pending) setTrapBit(task, call.argument(0));
      break;
    case SYSCALLS.rt_sigreturn:
      task.trap.blocked = unblockForReal(task);
      wake(task);
      break;
  }
}

/** A handler is about to run, on a frame that the kernel has just built: its mask is the one in effect now. */
export function enterHandler(task: RecordedTask): void {
  const { trap } = task;
  if (trap.blocked) setTrapBit(task, maskAddress(task));
  trap.blocked = unblockForReal(task) || trap.blocked;
}

/** Keeps a SIGTRAP that was sent to a task which blocks it. @returns False if the task does not. */
export function keepBlockedTrap(task: RecordedTask, stashed: StashedSignal): boolean {
  const blocked = (task.call && blockedInside(task.call)) ?? task.trap.blocked;
  if (stashed.signal !== SIG.SIGTRAP || !blocked) return false;
  task.trap.pending ??= stashed;
  return true;
}

/** Before a call that waits with another mask: a SIGTRAP that had to wait breaks it off if it may. */
export function sendPendingTrap(task: RecordedTask, call: Call): void {
  if (task.trap.pending && blockedInside(call) === false) tgkill(task.process.pid, task.tid, SIG.SIGTRAP);
}

/** The signal that broke off a call; the recorder's own stands for the one that had to wait. */
export function originalTrap(task: RecordedTask, stashed: StashedSignal): StashedSignal {
  const { pending } = task.trap;
  if (stashed.signal !== SIG.SIGTRAP || !pending) return stashed;
  task.trap.pending = undefined;
  return pending;
}

/** Whether SIGTRAP is blocked while a call waits; undefined if the call leaves the mask as it is. */
function blockedInside(call: Call): boolean | undefined {
  const mask = call.spec?.waitingMask;
  if (mask === undefined) return undefined;
  const address = evaluate(mask, call);
  return address === 0 ? undefined : (call.u32(address) & Number(TRAP_BIT)) !== 0;
}

/** Before a signal kills that the program handles but can't take now: the kernel has to see the default action. */
export function dropAction(tracer: Tracer, task: RecordedTask, signal: number): void {
  task.space.cacheSpace.scratch.fill(0, 0, KERNEL_SIGACTION.size);
  tracer.inject(task, SYSCALLS.rt_sigaction, signal, task.space.cacheSpace.scratchAddress, 0, SIGSET_SIZE);
}

/** The kernel told the default action where the program had ignored the signal. */
function mendOldAction(task: RecordedTask, call: Call): void {
  const address = call.argument(2);
  if (call.int(0) !== SIG.SIGTRAP || address === 0) return;
  if (task.process.actions.handler(SIG.SIGTRAP) !== SIG_IGN) return;
  task.space.memory.write(address + KERNEL_SIGACTION.handler, new Uint8Array([SIG_IGN, 0, 0, 0, 0, 0, 0, 0]));
}

function changeMask(task: RecordedTask, call: Call): void {
  const { trap } = task;
  const before = trap.blocked;
  if (call.argument(1) !== 0) {
    const named = ((call.input?.[0] ?? 0) & Number(TRAP_BIT)) !== 0;
    const how = call.int(0);
    if (how === SIG_HOW.SETMASK) trap.blocked = named;
    else if (named) trap.blocked = how === SIG_HOW.BLOCK;
    unblockForReal(task);
  }
  if (before && call.argument(2) !== 0) setTrapBit(task, call.argument(2));
  wake(task);
}

/** Takes SIGTRAP out of the mask that the kernel knows. @returns Whether it was there. */
function unblockForReal(task: RecordedTask): boolean {
  const mask = request(task, getSigMask);
  if ((mask & TRAP_BIT) === 0n) return false;
  request(task, (tid) => setSigMask(tid, mask & ~TRAP_BIT));
  return true;
}

/** Lets a SIGTRAP that had to wait come now. */
function wake(task: RecordedTask): void {
  const { trap } = task;
  if (trap.blocked || !trap.pending) return;
  task.stashed.push(trap.pending);
  trap.pending = undefined;
}

/** Sets SIGTRAP in a kernel sigset in the program's memory. */
function setTrapBit(task: RecordedTask, address: number): void {
  const { memory } = task.space;
  memory.write(address, new Uint8Array([(memory.read(address, 1)[0] ?? 0) | Number(TRAP_BIT)]));
}
