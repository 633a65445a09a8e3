/**
 * What a call that makes a task asks for, whichever of the four calls it is: clone3 has in a struct what clone has in its
 * arguments, fork and vfork stand for some flags.
 */
import { CLONE, SIG, SYSCALLS } from "../../ffi/mod.ts";
import type { CallView } from "../kernel/mod.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Offsets in struct clone_args (linux/sched.h of Linux 6.18). */
const CLONE_ARGS = { flags: 0, childTid: 16, parentTid: 24, exitSignal: 32 } as const;
/**
 * A struct is at least as long as the first version, and at most a page; behind what the kernel knows there may be zeros
 * only (copy_clone_args_from_user and copy_struct_from_user of Linux 6.18).
 */
const LEAST_BYTES = 64;
const MOST_BYTES = 4096;

/**
 * Flags that the kernel does not get to see: the code cache may be memory of this namespace of System V, and a task that
 * is nobody's tracee would run into the code cache's traps alone.
 */
const HIDDEN_FLAGS = CLONE.NEWIPC | CLONE.UNTRACED;

/** What is asked of the kernel. */
export interface CloneRequest {
  /** CLONE_* flags, beyond 32 bits too. */
  readonly flags: number;
  /** Where the new task's id goes: CLONE_PARENT_SETTID. */
  readonly parentTid: number;
  /** Where it goes in the new task's own memory, or is cleared at its end: CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID. */
  readonly childTid: number;
  /** The signal that the parent gets at the new task's end. */
  readonly exitSignal: number;
}

/** What a call asks for; undefined for calls that make no task. */
export function cloneRequest(call: CallView): CloneRequest | undefined {
  switch (call.number) {
    case SYSCALLS.fork:
      return { flags: 0, parentTid: 0, childTid: 0, exitSignal: SIG.SIGCHLD };
    case SYSCALLS.vfork:
      return { flags: CLONE.VM | CLONE.VFORK, parentTid: 0, childTid: 0, exitSignal: SIG.SIGCHLD };
    case SYSCALLS.clone:
      return {
        flags: call.argument(0) % 2 ** 32,
        parentTid: call.argument(2),
        childTid: call.argument(3),
        exitSignal: call.int(0) & CLONE.CSIGNAL,
      };
    case SYSCALLS.clone3: {
      const field = (offset: number): number => call.u64(call.argument(0) + offset);
      return {
        flags: field(CLONE_ARGS.flags),
        parentTid: field(CLONE_ARGS.parentTid),
        childTid: field(CLONE_ARGS.childTid),
        exitSignal: field(CLONE_ARGS.exitSignal),
      };
    }
    default:
      return undefined;
  }
}

/** Whether a flag is among those of a request. */
export function asksFor({ flags }: CloneRequest, flag: number): boolean {
  return Math.floor(flags / flag) % 2 === 1;
}

/** Whether the caller sleeps, unbreakably, until the new task has a program of its own. */
export function waitsForChild(call: CallView): boolean {
  const request = cloneRequest(call);
  return request !== undefined && asksFor(request, CLONE.VFORK);
}

/** Takes the hidden flags out of what the kernel gets to see of a clone, clone3 or unshare. */
export function hideFlags(task: RecordedTask, call: Call): void {
  if (call.number !== SYSCALLS.clone3) {
    if ((call.int(0) & HIDDEN_FLAGS) === 0) return;
    call.change(task, 0, task.argumentRegister(0) & ~BigInt(HIDDEN_FLAGS));
    return;
  }
  const size = call.argument(1);
  if (size < LEAST_BYTES || size > MOST_BYTES) return;
  const { scratch, scratchAddress } = task.space.cacheSpace;
  const given = task.space.memory.read(call.argument(0), size);
  const struct = given.slice(0, scratch.length);
  // The kernel refuses what can't be read, and what is longer than any that it knows.
  if (given.length < size || given.subarray(struct.length).some((byte) => byte !== 0)) return;
  const view = new DataView(struct.buffer);
  const flags = view.getBigUint64(CLONE_ARGS.flags, true);
  if ((flags & BigInt(HIDDEN_FLAGS)) === 0n) return;
  view.setBigUint64(CLONE_ARGS.flags, flags & ~BigInt(HIDDEN_FLAGS), true);
  scratch.set(struct);
  call.change(task, 0, scratchAddress);
  call.change(task, 1, struct.length);
}
