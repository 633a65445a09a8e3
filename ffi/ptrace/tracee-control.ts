/**
 * The hot path: let a tracee go, wait for the next stop, fetch its registers, all in one call from JS.
 *
 * ptrace belongs to one OS thread: use an instance only from the thread that spawned the tracee.
 */

import { nativeFunction, REGS_SIZE, retry, SYSCALLS, WORD } from "../kernel/mod.ts";
import { NativeBuffer } from "../memory/mod.ts";
import { controlCode } from "../process/mod.ts";

/** Offsets in the parameter block, in bytes; `stubs/control.ts` uses the same. */
const BLOCK = { size: 24, resumeResult: 0, status: 4, regsResult: 8, regs: 16 } as const;

/** Value of {@link TraceeControl.regsResult} when the last wait did not end in a stop. */
export const REGS_NOT_READ = 1;

type ResumeAndWait = (
  request: number,
  tid: number,
  signal: number,
  pid: number,
  options: number,
  block: number,
) => number;
type WaitOnly = (pid: number, options: number, block: number) => number;

const callResumeAndWait = nativeFunction<ResumeAndWait>(
  controlCode("resume_and_wait"),
  ["i32", "i32", "i32", "i32", "i32", WORD],
  "i32",
);
const callWait = nativeFunction<WaitOnly>(controlCode("wait_only"), ["i32", "i32", WORD], "i32");

/** Resuming and waiting, with the results of the last wait. Methods return −errno and do not throw. */
export class TraceeControl implements Disposable {
  /** Registers of the task that the last wait returned stopped: 27 × u64, see `REG`. */
  readonly regs: NativeBuffer = NativeBuffer.map(REGS_SIZE);
  readonly #block = NativeBuffer.map(BLOCK.size);
  readonly #i32 = this.#block.i32;
  readonly #address = this.#block.address;

  /** How many stops and ends of tasks were reported so far: the cost that no clock has a part in. */
  stops = 0;

  constructor() {
    this.#block.view.setBigUint64(BLOCK.regs, BigInt(this.regs.address), true);
  }

  /** Status of the last wait, to be decoded by `waitStatus`; 0 if it reported no task. */
  get status(): number {
    return this.#i32[BLOCK.status / 4]!;
  }

  /**
   * How reading the registers went: 0 when {@link regs} is valid; −ESRCH (−3) when the task was killed
   * between its stop and the read; {@link REGS_NOT_READ} when the wait did not end in a stop.
   */
  get regsResult(): number {
    return this.#i32[BLOCK.regsResult / 4]!;
  }

  /** 0, or −errno of the resuming half of the last {@link resumeAndWait}; if not 0 it did not wait. */
  get resumeResult(): number {
    return this.#i32[BLOCK.resumeResult / 4]!;
  }

  /**
   * Lets a stopped task go.
   *
   * @param request `PTRACE.CONT`, `SINGLESTEP`, `SYSCALL`, `SYSEMU`…
   * @param tid The task.
   * @param signal Signal to deliver, or 0.
   * @returns 0 or −errno; −ESRCH when the task is dead or not stopped.
   */
  resume(request: number, tid: number, signal: number): number {
    return retry(SYSCALLS.ptrace, request, tid, 0, signal);
  }

  /**
   * Waits for a task to change state, and reads its registers if it stopped. Signals of the runtime do not
   * end the wait; those of `installInterrupts` do.
   *
   * @param pid A task, or −1 for any child (which also takes Bun's own), or −pgid.
   * @param options `WAIT.NOHANG` or 0; __WALL is added.
   * @returns The task; 0 with NOHANG if none has changed; −EINTR (−4) if an interrupt is pending; −errno.
   */
  wait(pid: number, options: number): number {
    const task = callWait(pid, options, this.#address);
    if (task > 0) this.stops++;
    return task;
  }

  /**
   * {@link resume} and then {@link wait} in one call of machine code. The wait may return another task than
   * the one that was resumed: {@link regs} are those of the task returned.
   *
   * @returns As {@link wait}; or −errno of the resumption, which {@link resumeResult} then holds as well.
   */
  resumeAndWait(request: number, tid: number, signal: number, pid: number, options: number): number {
    const task = callResumeAndWait(request, tid, signal, pid, options, this.#address);
    if (task > 0) this.stops++;
    return task;
  }

  /** Frees the native memory. */
  [Symbol.dispose](): void {
    this.#block[Symbol.dispose]();
    this.regs[Symbol.dispose]();
  }
}
