/**
 * Ctrl-C while a host is examined. Probes run programs and wait for them, so that no handler of JS can run; what
 * `installInterrupts` notes is looked at between such waits instead.
 */
import { installInterrupts, pendingInterrupt, SIG } from "../../ffi/mod.ts";

/** The examination was ended by a signal. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly signal: number;

  constructor(signal: number) {
    super(`ended by signal ${signal}`);
    this.signal = signal;
  }
}

/** @throws {Interrupted} If a signal has come that `installInterrupts` waits for. */
export function throwIfInterrupted(): void {
  const signal = pendingInterrupt();
  if (signal !== 0) throw new Interrupted(signal);
}

/**
 * Does something that Ctrl-C, SIGTERM and SIGHUP may end.
 *
 * @param work What calls {@link throwIfInterrupted} where it has waited.
 * @returns Its result, or the interruption.
 */
export function untilInterrupted<T>(work: () => T): T | Interrupted {
  installInterrupts([SIG.SIGINT, SIG.SIGTERM, SIG.SIGHUP]);
  try {
    const result = work();
    throwIfInterrupted();
    return result;
  } catch (error) {
    if (error instanceof Interrupted) return error;
    throw error;
  }
}
