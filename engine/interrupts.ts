/**
 * Ctrl-C, SIGTERM and their kin, for recordings and replays: caught before the first trace of a run is on disk and until
 * the last one is, so that no moment is left in which a signal is lost or leaves half of something behind.
 */
import {
  clearInterrupt,
  installInterrupts,
  isIgnored,
  pendingInterrupt,
  restoreDefault,
  SIG,
  setTimer,
  startState,
  unblockSignals,
} from "../ffi/mod.ts";

/** Signals that end a run in an orderly way. */
export const ENDING_SIGNALS: readonly number[] = [SIG.SIGINT, SIG.SIGTERM, SIG.SIGHUP, SIG.SIGQUIT];

/** A run is to end because its user said so. */
export class Interrupted extends Error {
  /**
   * @param signal What it was told to stop by.
   * @param lost The running task has not come to a point that replay could find: nothing can be said of where it stands.
   */
  constructor(
    readonly signal: number,
    readonly lost = false,
  ) {
    super(`interrupted by signal ${signal}`);
  }
}

let catching = 0;
let caught: readonly number[] = [];

/**
 * Catches the signals that end a run, and the timer that bounds its waits, until the result is disposed of. May be
 * nested: the outermost one counts.
 */
export function catchInterrupts(): Disposable {
  if (catching++ === 0) {
    // Before anything of the run is open; and whoever started us with these blocked did not mean to make us deaf.
    startState();
    unblockSignals(ENDING_SIGNALS);
    // What nohup has asked for holds for the recorder as for its program.
    caught = [...ENDING_SIGNALS, SIG.SIGALRM].filter((signal) => signal !== SIG.SIGHUP || !isIgnored(signal));
    installInterrupts(caught);
  }
  let open = true;
  return {
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      if (--catching > 0) return;
      setTimer(0);
      for (const signal of caught) restoreDefault(signal);
    },
  };
}

/** A caught signal that nobody has acted on yet, for whoever does so now: it is named once. 0 if there is none. */
export function takeInterrupt(): number {
  const signal = pendingInterrupt();
  clearInterrupt(signal);
  return signal;
}

/**
 * To be called when signals are no longer caught: the one that came too late for the run to end by it, or 0.
 */
export function takeLateSignal(): number {
  let signal = takeInterrupt();
  while (signal === SIG.SIGALRM) signal = takeInterrupt();
  return signal;
}
