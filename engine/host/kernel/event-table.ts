/** Open events: by the descriptors that programs have, and by the hardware events that interrupt for them. */
import type { HardwareEvent } from "../pmu/driver.ts";
import type { Event } from "./event.ts";

/** Descriptors begin where programs have few of their own, and are not used twice. */
const FIRST_FD = 3;
/** RLIMIT_NOFILE. */
const MOST_OPEN = 1024;

export class EventTable {
  readonly #open = new Map<number, Event>();
  readonly #hardware = new Map<HardwareEvent, Event>();
  #nextFd = FIRST_FD;

  /** No more descriptors are left. */
  get full(): boolean {
    return this.#open.size >= MOST_OPEN;
  }

  get(fd: number): Event | undefined {
    return this.#open.get(fd);
  }

  /** Every event that has a descriptor. */
  values(): IterableIterator<Event> {
    return this.#open.values();
  }

  /** The event that a hardware event counts for, with a descriptor or inherited. */
  of(hardware: HardwareEvent): Event | undefined {
    return this.#hardware.get(hardware);
  }

  /** Gives an event a descriptor. */
  open(event: Event): number {
    event.fd = this.#nextFd++;
    this.#open.set(event.fd, event);
    return event.fd;
  }

  /** Takes a descriptor back. */
  close(fd: number): void {
    this.#open.delete(fd);
  }

  /** An event counts from now on. */
  install(event: Event): void {
    if (event.source.kind === "hardware") this.#hardware.set(event.source.event, event);
  }

  /** It counts no more. */
  drop(event: Event): void {
    if (event.source.kind === "hardware") this.#hardware.delete(event.source.event);
  }
}
