/**
 * What becomes of a measurement that is signalled (Ctrl-C, SIGTERM): the program gets the signal too and some time to end
 * by itself; a second signal, or the end of that time, ends the measurement.
 */
import { isErrno, isTerminal, kill, SIG, setTimer } from "../../ffi/mod.ts";

/** Time for the program to end by itself. */
const GRACE_MS = 2000;

/** Takes the user's signals during a measurement, and passes the first one on. */
export class EndPolicy {
  private asked = 0;

  /**
   * We have received a signal (SIGALRM is the end of the time).
   *
   * @param root The process that is measured.
   * @returns The signal to end the measurement by, or 0 to go on.
   */
  received(signal: number, root: number): number {
    if (this.asked !== 0) return this.asked;
    this.asked = signal;
    setTimer(GRACE_MS);
    // A terminal has sent its signals to the program already, which is in the same foreground group.
    if ((signal === SIG.SIGINT || signal === SIG.SIGQUIT) && isTerminal(0)) return 0;
    try {
      kill(root, signal);
    } catch (error) {
      if (isErrno(error, "ESRCH")) return signal;
      throw error;
    }
    return 0;
  }
}
