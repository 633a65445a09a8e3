/** What a wait has found of a task, decoded: the one place where wait statuses are read while tasks run (ptrace(2), "Stopped states"). */
import { PTRACE_EVENT, SIG, SYSCALL_STOP, waitStatus } from "../../ffi/mod.ts";

/** A task that stands still, and may be resumed once. */
export type LiveStop =
  /** At the entry or the exit of a system call, under PTRACE_SYSCALL or PTRACE_SYSEMU. */
  | { readonly kind: "call" }
  /** In front of a system call: the filter of a recording has it told. */
  | { readonly kind: "filter" }
  /** An execve has succeeded. */
  | { readonly kind: "exec" }
  /** It has made another task (PTRACE_EVENT_CLONE, FORK or VFORK). */
  | { readonly kind: "birth" }
  /** A signal is to be delivered, or its whole process is stopped by it (`Controller.isGroupStop`). */
  | { readonly kind: "signal"; readonly signal: number };

/** See {@link LiveStop}; or the task is no more. */
export type KernelStop = LiveStop | Ended;

/** A task has exited or was killed. */
export interface Ended {
  readonly kind: "ended";
  /** Its wait status. */
  readonly status: number;
}

const CALL = { kind: "call" } as const;
const FILTER = { kind: "filter" } as const;
const EXEC = { kind: "exec" } as const;
const BIRTH = { kind: "birth" } as const;

/** The first stop of a task that was made by another one (ptrace(2), PTRACE_O_TRACECLONE). */
export const FIRST_STOP: LiveStop = { kind: "signal", signal: SIG.SIGSTOP };

/** @throws {Error} For an event that tasks are not traced for. */
export function kernelStop(status: number): KernelStop {
  const found = waitStatus(status);
  if (found.kind !== "stopped") return { kind: "ended", status };
  const { signal, event } = found;
  switch (event) {
    case 0:
      return signal === (SIG.SIGTRAP | SYSCALL_STOP) ? CALL : { kind: "signal", signal };
    case PTRACE_EVENT.SECCOMP:
      return FILTER;
    case PTRACE_EVENT.EXEC:
      return EXEC;
    case PTRACE_EVENT.CLONE:
    case PTRACE_EVENT.FORK:
    case PTRACE_EVENT.VFORK:
      return BIRTH;
    default:
      throw new Error(`engine invariant broken: a stop by event ${event}, which nobody has asked for`);
  }
}

/** Whether it is a trap, the engine's own as a rule. */
export function isTrap(stop: LiveStop): boolean {
  return stop.kind === "signal" && stop.signal === SIG.SIGTRAP;
}
