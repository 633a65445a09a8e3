/**
 * A child that waits at the gate: it exists, so that counters can be attached to it, but it has not executed its
 * program yet. No ptrace, no change of its personality: what is measured is the program as it runs by itself.
 *
 * It shares our memory until then (clone(2), CLONE_VM), sleeps on a word of it, and is killed if we die (prctl(2),
 * PR_SET_PDEATHSIG; that stays in force for the program).
 */

import { ERRNO, retry, SIG, SYSCALLS, unwrap, WAIT } from "../kernel/mod.ts";
import { SpawnBlock, type SpawnOptions } from "../process/mod.ts";
import { kill } from "./ptrace.ts";
import type { TraceeControl } from "./tracee-control.ts";
import { type WaitStatus, waitStatus } from "./wait-status.ts";

/** How a child ended. */
export type ChildEnd = Extract<WaitStatus, { kind: "exited" | "killed" }>;

/** A child before and while it runs its program. Dispose it: that kills it if it has not been reaped. */
export class HeldChild implements Disposable {
  readonly pid: number;
  readonly #block: SpawnBlock;
  #reaped = false;

  /** @throws SyscallError when there is no process to be had; RangeError for a string that contains NUL. */
  constructor(options: SpawnOptions) {
    this.#block = new SpawnBlock(options, "held");
    this.pid = this.#block.spawn();
  }

  /** Lets it execute its program. */
  release(): void {
    this.#block.release();
  }

  /**
   * Waits for its end. Signals of `installInterrupts` break in.
   *
   * @returns How it ended, or undefined when an interrupt is pending.
   * @throws SyscallError when it could not execute its program; the remedy says what to do.
   */
  wait(control: TraceeControl): ChildEnd | undefined {
    const result = control.wait(this.pid, 0);
    if (result === -ERRNO.EINTR) return undefined;
    unwrap("wait4", result);
    return this.take(waitStatus(control.status));
  }

  /**
   * Takes what a wait for all children has said of this one.
   *
   * @returns How it ended, or undefined where it has only stopped.
   * @throws SyscallError when it could not execute its program; the remedy says what to do.
   */
  take(status: WaitStatus): ChildEnd | undefined {
    if (status.kind === "stopped") return undefined;
    this.#reaped = true;
    const { failure } = this.#block;
    if (failure !== undefined) throw failure;
    return status;
  }

  /** Kills it if it is still there, and frees what it was born from. */
  [Symbol.dispose](): void {
    if (!this.#reaped) {
      kill(this.pid, SIG.SIGKILL);
      retry(SYSCALLS.wait4, this.pid, 0, WAIT.ALL, 0);
    }
    this.#block[Symbol.dispose]();
  }
}
