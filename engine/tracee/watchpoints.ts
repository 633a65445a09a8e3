/**
 * Watchpoints: addresses whose accesses stop a task behind the instruction that has made them, while it runs at full speed.
 * The processor's debug registers do that, since a translation has its data where the program has it. Sources: Intel SDM
 * vol. 3, 18.2 (DR0 to DR3, DR6, DR7); struct user in sys/user.h of glibc (u_debugreg).
 */
import { isErrno, peekUser, pokeUser, SIGINFO, TRAP } from "../../ffi/mod.ts";
import type { SignalInfo } from "./controller.ts";
import type { Task } from "./task.ts";

/** What is watched: a piece that is aligned to its length. */
export interface Watch {
  address: number;
  length: 1 | 2 | 4 | 8;
  /** Reads count too; else writes alone. */
  isRead: boolean;
}

/** How many pieces a processor watches at a time. */
export const MOST_WATCHES = 4;

/** Offset of u_debugreg in struct user, and bytes of one of them. */
const DEBUG_REGISTERS = 848;
const WORD = 8;
const STATUS = 6;
const CONTROL = 7;
/** R/W and LEN bits of DR7, of the first register. */
const ON_WRITE = 0b01n;
const ON_ACCESS = 0b11n;
const LENGTHS: Readonly<Record<Watch["length"], bigint>> = { 1: 0b00n, 2: 0b01n, 4: 0b11n, 8: 0b10n };

const offsetOf = (register: number): number => DEBUG_REGISTERS + WORD * register;

/** What a task's debug registers were set to. */
interface Armed {
  version: number;
  /** An execve forgets them (flush_thread in arch/x86/kernel/process.c), as does a clone (copy_thread). */
  space: unknown;
}

/** The watchpoints of a tracer's tasks. */
export class Watchpoints {
  #of: (task: Task) => readonly Watch[] = () => [];
  #any = false;
  #version = 0;
  readonly #armed = new WeakMap<Task, Armed>();

  /** Sets what is watched from now on, and in which tasks. */
  set(watches: readonly Watch[], isFor: (task: Task) => boolean): void {
    if (watches.length === 0 && !this.#any) return;
    this.#of = (task) => (isFor(task) ? watches : []);
    this.#any = watches.length > 0;
    this.#version++;
  }

  /** Asks for each task what is watched in it; to be called again whenever that changes. */
  follow(of: (task: Task) => readonly Watch[]): void {
    this.#of = of;
    this.#any = true;
    this.#version++;
  }

  /** To be called before a stopped task goes on. */
  arm(task: Task): void {
    if (this.#version === 0) return;
    const armed = this.#armed.get(task);
    if (armed?.version === this.#version && armed.space === task.space) return;
    this.#armed.set(task, { version: this.#version, space: task.space });
    setWatches(task.tid, this.#of(task));
  }

  /** Whether anything is watched. */
  get any(): boolean {
    return this.#any;
  }

  /** Whether a SIGTRAP is that of an access to what is watched. */
  isHit({ siginfo }: SignalInfo): boolean {
    const code = new DataView(siginfo.buffer, siginfo.byteOffset).getInt32(SIGINFO.si_code, true);
    return code === TRAP.HWBKPT;
  }

  /** Which watch a task has hit, and forgets it. */
  takeHit(task: Task): Watch | undefined {
    const status = peekUser(task.tid, offsetOf(STATUS));
    pokeUser(task.tid, offsetOf(STATUS), 0n);
    return this.#of(task).find((_, i) => (status & (1n << BigInt(i))) !== 0n);
  }
}

function setWatches(tid: number, watches: readonly Watch[]): void {
  // Addresses can be exchanged only while nothing is watched there.
  pokeUser(tid, offsetOf(CONTROL), 0n);
  let control = 0n;
  for (const [i, { address, length, isRead }] of watches.entries()) {
    pokeUser(tid, offsetOf(i), BigInt(address));
    const kind = (LENGTHS[length] << 2n) | (isRead ? ON_ACCESS : ON_WRITE);
    control |= (1n << BigInt(2 * i)) | (kind << BigInt(16 + 4 * i));
  }
  if (control !== 0n) pokeUser(tid, offsetOf(CONTROL), control);
}

/** Whether the kernel lets the debug registers of a stopped task be set: a virtual machine may have none to give. */
export function canWatch(task: Task): boolean {
  try {
    const address = Math.floor(task.number("rsp") / WORD) * WORD;
    setWatches(task.tid, [{ address, length: WORD, isRead: false }]);
    setWatches(task.tid, []);
    return true;
  } catch (error) {
    if (["EINVAL", "EIO", "ENOSPC", "EOPNOTSUPP", "EPERM"].some((name) => isErrno(error, name as "EINVAL")))
      return false;
    throw error;
  }
}
