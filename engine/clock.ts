/**
 * Time, as everything has it that waits for some: given, so that a test can give a time of its own. (The date, which only
 * the times of files are compared with, is Bun's to set in a test: `setSystemTime`.)
 */

/** Milliseconds since some moment. */
export type Clock = () => number;

/** Never goes back, whatever becomes of the machine's date. */
export const steadyClock: Clock = () => performance.now();

/** Says when it is time to look at something again that nobody tells of. */
export class Lookout {
  #next = 0;

  /** @param every Milliseconds between two looks. */
  constructor(
    private readonly every: number,
    private readonly clock: Clock = steadyClock,
  ) {}

  /** Whether it is time; the next look is due that much later, then. */
  isDue(): boolean {
    const now = this.clock();
    if (now < this.#next) return false;
    this.#next = now + this.every;
    return true;
  }
}
