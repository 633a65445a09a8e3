/** Ctrl-C and its kin, for commands that run others: once ends in an orderly way, twice at once. */

import { describeError, SIGNAL_BASE } from "../errors/mod.ts";
import { say } from "../output/mod.ts";
import { killDescendants } from "../processes/mod.ts";
import { signalNumber } from "../text/mod.ts";

const codeOf = (signal: NodeJS.Signals): number => SIGNAL_BASE + (signalNumber(signal) ?? 0);

/** Listens from its making on, to the end of the process. */
export class Ending {
  readonly #abort = new AbortController();
  #signal: NodeJS.Signals | undefined;

  constructor() {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        if (this.#signal !== undefined) {
          try {
            killDescendants();
          } catch (error) {
            say(`tickproof: ${describeError(error)}\n`);
          }
          process.exit(codeOf(signal));
        }
        this.#signal = signal;
        this.#abort.abort();
      });
    }
  }

  /** Aborted by the first signal. */
  get abort(): AbortSignal {
    return this.#abort.signal;
  }

  /** Exit code of a process that was ended by a signal; undefined if none has come. */
  get code(): number | undefined {
    return this.#signal === undefined ? undefined : codeOf(this.#signal);
  }
}
