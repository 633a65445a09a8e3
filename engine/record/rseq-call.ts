/**
 * rseq(2), answered in the kernel's place: the kernel would look for sequences at addresses of the program's text, which
 * never runs. What becomes of a registered area says `restartable.ts`; most are registered by the stub (`tracee/rseq-stub.ts`).
 *
 * Source: SYSCALL_DEFINE4(rseq) in kernel/rseq.c, Linux 6.18. Its later extension of time slices is not there: the
 * area's flags stay as they are, and rseq_slice_yield says ENOSYS.
 */
import { ERRNO, rawSyscall, SYSCALLS } from "../../ffi/mod.ts";
import type { Binding } from "../tracee/binding.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { nodeOf, processorOf } from "./restartable.ts";
import { type RestartableArea, RSEQ, UNKNOWN_PROCESSOR } from "./restartable-area.ts";

/** RSEQ_FLAG_UNREGISTER (linux/rseq.h). */
const UNREGISTER = 1;
/** Bytes of struct rseq: what the kernel knows of it is no longer; and its alignment. */
const LEAST_SIZE = 32;
const ALIGNMENT = 32;
/** End of the program's memory (TASK_SIZE_MAX), in front of the last page. */
const USER_END = 2 ** 47 - 4096;

let answer: number | undefined;

/** What the kernel says to a registration that no kernel takes: EINVAL, or why there is no such call. */
function kernelsAnswer(): number {
  answer ??= rawSyscall(SYSCALLS.rseq, 0, 1, 0, 0);
  return answer;
}

/** Whether the kernel has restartable sequences at all; only then the program gets some. */
export function hasRestartable(): boolean {
  return kernelsAnswer() === -ERRNO.EINVAL;
}

/**
 * Registers an area, or forgets it.
 *
 * @returns The call's result; undefined for other calls.
 */
export function answerRseq(binding: Binding, task: RecordedTask, call: Call): number | undefined {
  if (call.number !== SYSCALLS.rseq) return undefined;
  if (!hasRestartable()) return kernelsAnswer();
  const flags = call.int(2);
  const asked = {
    address: call.argument(0),
    length: call.int(1) >>> 0,
    signature: call.int(3) >>> 0,
  };
  const { restartable } = task;
  if ((flags & UNREGISTER) !== 0) {
    if (flags !== UNREGISTER || !restartable) return -ERRNO.EINVAL;
    return mismatch(restartable, asked) ?? forget(task, restartable);
  }
  if (flags !== 0) return -ERRNO.EINVAL;
  if (restartable) return mismatch(restartable, asked) ?? -ERRNO.EBUSY;
  return isWellFormed(asked) ? register(binding, task, asked) : -ERRNO.EINVAL;
}

type Asked = Omit<RestartableArea, "processor">;

/** How a call fails that is about another area than the registered one. */
function mismatch(registered: RestartableArea, asked: Asked): number | undefined {
  if (asked.address !== registered.address || asked.length !== registered.length) return -ERRNO.EINVAL;
  return asked.signature === registered.signature ? undefined : -ERRNO.EPERM;
}

function isWellFormed({ address, length }: Asked): boolean {
  return length >= LEAST_SIZE && address % ALIGNMENT === 0;
}

function register(binding: Binding, task: RecordedTask, asked: Asked): number {
  const { address, length } = asked;
  if (address + length > USER_END) return -ERRNO.EFAULT;
  const old = task.space.memory.read(address, LEAST_SIZE);
  if (old.length < LEAST_SIZE) return -ERRNO.EFAULT;
  const entered = old.subarray(RSEQ.section, RSEQ.section + 8).some((byte) => byte !== 0);
  if (!isWritable(task, address)) {
    if (entered) return -ERRNO.EFAULT;
    // It is found out where the task goes on, and dies of that.
    task.restartable = { ...asked, processor: UNKNOWN_PROCESSOR };
    return 0;
  }
  const processor = processorOf(binding, task) ?? UNKNOWN_PROCESSOR;
  task.restartable = { ...asked, processor };
  const known = Math.max(processor, 0);
  put(task, address, [known, known], nodeOf(known));
  task.space.memory.write(address + RSEQ.section, new Uint8Array(8));
  return 0;
}

function forget(task: RecordedTask, { address }: RestartableArea): number {
  if (!isWritable(task, address)) return -ERRNO.EFAULT;
  task.restartable = undefined;
  // RSEQ_CPU_ID_UNINITIALIZED
  put(task, address, [0, 0xffff_ffff], 0);
  return 0;
}

/** Writes what an area says of the processor, first where a sequence begins, then where it looks again. */
function put({ space }: RecordedTask, address: number, processor: [number, number], node: number): void {
  space.memory.write(address, new Uint8Array(new Uint32Array(processor).buffer));
  space.memory.write(address + RSEQ.node, new Uint8Array(new Uint32Array([node, 0]).buffer));
}

/** Whether an area can be written to; aligned as it is, it is in one page. */
function isWritable({ space }: RecordedTask, address: number): boolean {
  return space.writable(address) && space.memory.read(address, LEAST_SIZE).length === LEAST_SIZE;
}
