/**
 * Listeners: a descriptor by which a supervisor hears of calls that a filter wants to be asked about, and answers them
 * (seccomp_unotify(2)). The descriptor, its waits and its answers are the kernel's own. For that the kernel gets a filter
 * that sends on what comes from one place of the engine's, and nothing else: whose filters want a call to be told of, is brought
 * there, and the call is made. Two things are the recorder's: where the call seems to come from, and calls that the supervisor lets go on,
 * which are made once more, as the recorder makes calls.
 *
 * Source: seccomp_notify_ioctl and what it calls in kernel/seccomp.c, Linux 6.18.
 */
import { SYSCALLS } from "../../../ffi/mod.ts";
import { NOTIFY_PLACE } from "../../tracee/call-stub.ts";
import { encodeFilter, FILTER_DATA, OPCODE, putFilter } from "../../tracee/syscall-filter.ts";
import type { Tracer } from "../../tracee/tracer.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { ACTION } from "./filter-chain.ts";

/** Requests of a listener (linux/seccomp.h). */
const REQUEST = { receive: 0xc050_2100, send: 0xc018_2101 } as const;
/** struct seccomp_notif: u64 id, u32 pid, u32 flags, and struct seccomp_data. */
const NOTIFICATION = {
  size: 80,
  id: 0,
  pid: 8,
  instructionPointer: 16 + FILTER_DATA.instructionPointer,
} as const;
/** struct seccomp_notif_resp: u64 id, i64 result, i32 error, u32 flags. */
const ANSWER = { size: 24, id: 0, value: 8, error: 16, flags: 20 } as const;
const FLAG_CONTINUE = 1;

/** What the kernel is to send on: calls from one place. All others are the recorder's business. */
const TELLING = encodeFilter([
  [OPCODE.load, 0, 0, FILTER_DATA.instructionPointer],
  [OPCODE.jumpEqual, 0, 3, NOTIFY_PLACE],
  [OPCODE.load, 0, 0, FILTER_DATA.instructionPointer + 4],
  [OPCODE.jumpEqual, 0, 1, 0],
  [OPCODE.return, 0, 0, ACTION.notify],
  [OPCODE.return, 0, 0, ACTION.allow],
]);

/**
 * Makes a listener in the name of a task that stands in no call.
 *
 * @param flags Of seccomp(2), as the program has given them.
 * @returns The descriptor or -errno.
 */
export function makeListener(tracer: Tracer, task: RecordedTask, flags: number): number {
  const { cacheSpace, memory } = task.space;
  const call = (number: number, ...args: (number | bigint)[]): number => tracer.inject(task, number, ...args);
  return putFilter(call, memory, cacheSpace.scratchAddress, TELLING, flags);
}

/** A task whose call is being asked about. */
interface Waiting {
  /** What the supervisor knows it by, once it has been told. */
  id: bigint | undefined;
  /** App pc behind the call. */
  readonly next: number;
  goesOn: boolean;
}

/** Calls that supervisors are asked about. */
export class Notifications {
  /** Tasks whose calls are being asked about, by thread id. */
  readonly #waiting = new Map<number, Waiting>();
  /** The one that a supervisor lets go on by the answer which is in the kernel now. */
  #sent: Waiting | undefined;

  /** A task's call is about to be told of. */
  begin({ tid }: RecordedTask, { next }: Call): void {
    this.#waiting.set(tid, { id: undefined, next, goesOn: false });
  }

  /** A task's call was answered, or broken off. @returns Whether it is to be made after all. */
  end({ tid }: RecordedTask): boolean {
    const waiting = this.#waiting.get(tid);
    this.#waiting.delete(tid);
    return waiting?.goesOn ?? false;
  }

  /** A request to a listener has ended: where a supervisor was told of a call, it comes from where the program has made it. */
  leaves({ space }: RecordedTask, call: Call): void {
    if (isRequest(call, REQUEST.send) && call.result !== 0 && this.#sent) this.#sent.goesOn = false;
    this.#sent = undefined;
    if (!isRequest(call, REQUEST.receive) || call.result !== 0) return;
    const address = call.argument(2);
    const bytes = space.memory.read(address, NOTIFICATION.size).slice();
    if (bytes.length < NOTIFICATION.size) return;
    const view = new DataView(bytes.buffer);
    const waiting = this.#waiting.get(view.getUint32(NOTIFICATION.pid, true));
    if (waiting === undefined) return;
    waiting.id = view.getBigUint64(NOTIFICATION.id, true);
    const place = new Uint8Array(new BigUint64Array([BigInt(waiting.next)]).buffer);
    space.memory.write(address + NOTIFICATION.instructionPointer, place);
  }

  /** A supervisor is about to answer: where it lets a call go on, the kernel is only to end the wait. */
  enters(task: RecordedTask, call: Call): void {
    if (!isRequest(call, REQUEST.send)) return;
    const bytes = task.space.memory.read(call.argument(2), ANSWER.size).slice();
    if (bytes.length < ANSWER.size) return;
    const view = new DataView(bytes.buffer);
    const isPlain = view.getBigInt64(ANSWER.value, true) === 0n && view.getInt32(ANSWER.error, true) === 0;
    if (view.getUint32(ANSWER.flags, true) !== FLAG_CONTINUE || !isPlain) return;
    const id = view.getBigUint64(ANSWER.id, true);
    const waiting = [...this.#waiting.values()].find((each) => each.id === id);
    if (waiting === undefined || waiting.goesOn) return;
    waiting.goesOn = true;
    this.#sent = waiting;
    view.setUint32(ANSWER.flags, 0, true);
    const { scratch, scratchAddress } = task.space.cacheSpace;
    scratch.set(bytes);
    call.change(task, 2, scratchAddress);
  }
}

function isRequest(call: Call, request: number): boolean {
  return call.number === SYSCALLS.ioctl && call.int(1) >>> 0 === request;
}
