/** What a wait status says, as a union that the compiler checks. Source: wait(2), bits/waitstatus.h, ptrace(2). */

/** State of a task after a successful wait. */
export type WaitStatus =
  | {
      readonly kind: "exited";
      /** Exit code, 0…255. */
      readonly code: number;
    }
  | {
      readonly kind: "killed";
      /** Signal that killed it. */
      readonly signal: number;
      /** Whether the kernel dumped core. */
      readonly core: boolean;
    }
  | {
      readonly kind: "stopped";
      /** Signal of the stop; `SIGTRAP | 0x80` at a system call under TRACESYSGOOD. */
      readonly signal: number;
      /** One of PTRACE_EVENT, or 0. */
      readonly event: number;
    };

/** Bit that TRACESYSGOOD adds to the signal of a system-call stop. */
export const SYSCALL_STOP = 0x80;

/**
 * Decodes a status of wait4.
 *
 * @throws RangeError for "continued" (0xffff), which only WCONTINUED asks for, and nothing here does.
 */
export function waitStatus(status: number): WaitStatus {
  const low = status & 0xff;
  if (low === 0x7f) return { kind: "stopped", signal: (status >> 8) & 0xff, event: status >> 16 };
  const signal = low & 0x7f;
  if (signal === 0) return { kind: "exited", code: (status >> 8) & 0xff };
  if (signal === 0x7f) {
    throw new RangeError(`Cannot decode a wait status: current value is 0x${status.toString(16)}`);
  }
  return { kind: "killed", signal, core: (low & 0x80) !== 0 };
}
