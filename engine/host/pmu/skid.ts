/**
 * Interrupts on their way from a counter that has wrapped to the kernel: some branches still retire before it
 * comes. When the kernel is entered for another reason, it comes first of all.
 */

/** Numbers that look random and are the same in every run: mulberry32. */
export class Noise {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An integer of 0 to `most`. */
  upTo(most: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % (most + 1);
  }
}

interface Raised {
  readonly counter: number;
  /** Branches until it comes. */
  left: number;
}

export class PendingInterrupts {
  readonly #noise: Noise;
  readonly #skid: number;
  #raised: Raised[] = [];
  /** Branches that the next interrupt of each counter will take: drawn ahead, so that it can be foretold. */
  readonly #next: number[];

  /**
   * @param skid Most branches that an interrupt takes to come.
   * @param counters No counter has this index, or a higher one.
   */
  constructor(noise: Noise, skid: number, counters: number) {
    this.#noise = noise;
    this.#skid = skid;
    this.#next = Array.from({ length: counters }, () => noise.upTo(skid));
  }

  /** A counter has wrapped. */
  raise(counter: number): void {
    this.#raised.push({ counter, left: this.#next[counter]! });
    this.#next[counter] = this.#noise.upTo(this.#skid);
  }

  /** Branches that the next interrupt of a counter takes from when it wraps. */
  nextSkid(counter: number): number {
    return this.#next[counter]!;
  }

  /** Branches until the next one comes; undefined if none is on its way. */
  get next(): number | undefined {
    return this.#raised.length === 0 ? undefined : Math.min(...this.#raised.map(({ left }) => left));
  }

  /** So many branches have retired. */
  pass(branches: number): void {
    for (const raised of this.#raised) raised.left = Math.max(0, raised.left - branches);
  }

  /** Takes the counters whose interrupts have come; all of them where the kernel is entered. */
  take(all: boolean): number[] {
    const come = this.#raised.filter(({ left }) => all || left === 0);
    this.#raised = this.#raised.filter((raised) => !come.includes(raised));
    return come.map(({ counter }) => counter);
  }
}
