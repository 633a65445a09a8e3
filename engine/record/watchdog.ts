/**
 * Names a recorder that gets nowhere: it waits for a stop that does not come, or the running task comes to no point. Silence
 * would look like a program that takes its time. It ends nothing, since the host may only be slow; Ctrl-C does.
 */
import { setTimer } from "../../ffi/mod.ts";

/** How often it looks, in milliseconds. */
const LOOK_MS = 10_000;
/** After so many looks at the same state it speaks: one may have come right after the recorder itself was stopped. */
const LOOKS = 2;

/** What it is told of the recorder. */
export interface Watched {
  /** Anything that differs whenever the recording has got on. */
  progress: () => string;
  /** What the recorder waits for, and the states of its tasks. */
  describe: () => string;
  /** Tells the user. */
  say: (message: string) => void;
}

/**
 * Looks now and then whether the recorder has come any further. The timer is that of `setTimer`, whose signal is to
 * lead to {@link look}.
 */
export class Watchdog {
  #last = "";
  #same = 0;

  constructor(private readonly watched: Watched) {
    setTimer(LOOK_MS);
  }

  /**
   * The timer has come.
   *
   * @param waits Whether the recorder is at work on something that must end by itself, and not waiting for the program's
   *   system calls.
   */
  look(waits: boolean): void {
    setTimer(LOOK_MS);
    const now = this.watched.progress();
    this.#same = waits && now === this.#last ? this.#same + 1 : 0;
    this.#last = now;
    if (this.#same !== LOOKS) return;
    const seconds = (LOOKS * LOOK_MS) / 1000;
    this.watched.say(`no progress for ${seconds} s: ${this.watched.describe()}; Ctrl-C ends the recording`);
  }
}
