/** One line at the bottom of a terminal that says what is being run; it vanishes with the end of the run. */
import { isHarmless, type RunEvent } from "../run/mod.ts";

const CLEAR = "\r\x1b[K";

/** Follows the events of a run. */
export class LiveLine {
  readonly #write: (text: string) => void;
  readonly #running = new Map<string, string>();
  #total = 0;
  #done = 0;
  #failed = 0;

  /** @param write Takes the text with its control sequences. */
  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Brings the line up to date. */
  show(event: RunEvent): void {
    switch (event.kind) {
      case "run-started":
        this.#total = event.tests.reduce((sum, test) => sum + (test.repeat ?? event.repeat), 0);
        break;
      case "phase-started":
        this.#running.set(`${event.test.id}.${event.attempt}`, `${event.test.name} ${event.phase}`);
        break;
      case "attempt-finished":
        this.#running.delete(`${event.test.id}.${event.attempt.number}`);
        this.#done++;
        if (!isHarmless(event.attempt.verdict)) this.#failed++;
        break;
      case "run-finished":
        this.#write(CLEAR);
        return;
    }
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    this.#write(`${CLEAR}${this.#done}/${this.#total}${failed} · ${[...this.#running.values()].join(" · ")}`);
  }
}
