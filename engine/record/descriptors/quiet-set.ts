/** By which descriptors of a table calls need no stop (`quiet.ts`): as the stub for system calls reads it, one bit each. */
import { BITMAP } from "../../tracee/call-ring.ts";

/** What needs no stop by a descriptor. Those in time may have to wait, and are done where they need not. */
const WAYS = ["read", "written", "received", "receivedInTime", "sent", "sentInTime"] as const;

/** See {@link WAYS}. */
export type QuietWay = (typeof WAYS)[number];

/** What by which no bytes flow: files, which are there. */
const OF_FILES: readonly QuietWay[] = ["read", "written"];

/** Which descriptors of one table are quiet, for each way. */
export class QuietSet {
  readonly #bitmaps = Object.fromEntries(WAYS.map((way) => [way, new Uint8Array(BITMAP)])) as Readonly<
    Record<QuietWay, Uint8Array>
  >;
  readonly #known = new Map<number, readonly QuietWay[]>();

  /** One bit for each descriptor. */
  bitmap(way: QuietWay): Uint8Array {
    return this.#bitmaps[way];
  }

  /** Whether a descriptor was looked at, or is none that can be noted. */
  knows(fd: number): boolean {
    return fd < 0 || fd >= 8 * BITMAP || this.#known.has(fd);
  }

  note(fd: number, ways: readonly QuietWay[]): void {
    this.#known.set(fd, ways);
    for (const way of ways) this.#bitmaps[way][fd >> 3]! |= 1 << (fd & 7);
  }

  /** A descriptor may lead elsewhere from now on. */
  forget(fd: number): void {
    for (const way of this.#known.get(fd) ?? []) this.#bitmaps[way][fd >> 3]! &= ~(1 << (fd & 7));
    this.#known.delete(fd);
  }

  /** All of them may. */
  clear(): void {
    this.#known.clear();
    for (const way of WAYS) this.#bitmaps[way].fill(0);
  }

  /** Whether calls wait may be different from now on, by whichever descriptors. */
  forgetFlows(): void {
    for (const [fd, ways] of this.#known) {
      if (!ways.every((way) => OF_FILES.includes(way)) || ways.length === 0) this.forget(fd);
    }
  }
}
