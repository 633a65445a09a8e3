/** Memory that programs have mapped of events. Source: kernel/events/core.c (perf_mmap, perf_poll). */
import { ERRNO } from "../../../ffi/mod.ts";
import type { PmuDriver } from "../pmu/driver.ts";
import type { Event } from "./event.ts";
import { totalOf } from "./reading.ts";
import { Ring } from "./ring.ts";

/** kernel.perf_event_mlock_kb without the page of metadata, in pages for each processor. */
const MAPPED_PAGES_PER_CPU = 128;
const POLLERR = 8;
const POLLHUP = 16;

export class Mappings {
  readonly #driver: PmuDriver | undefined;
  readonly #most: number;
  #pages = 0;

  constructor(driver: PmuDriver | undefined, cores: number) {
    this.#driver = driver;
    this.#most = MAPPED_PAGES_PER_CPU * cores;
  }

  /** @returns The memory, or −errno. */
  map(event: Event, pages: number): Ring | number {
    const isPowerOfTwo = Number.isInteger(pages) && pages >= 0 && (pages & (pages - 1)) === 0;
    if (!isPowerOfTwo || (event.cpu === -1 && event.attr.has("inherit"))) return -ERRNO.EINVAL;
    if (event.ring) return event.mapped && event.ring.pages === pages ? event.ring : -ERRNO.EINVAL;
    if (this.#pages + pages > this.#most) return -ERRNO.EPERM;
    this.#pages += pages;
    event.ring = new Ring(pages, { events: event.attr.wakeupEvents, bytes: event.attr.wakeupBytes });
    event.mapped = true;
    this.describe(event);
    return event.ring;
  }

  /** An event is closed: its memory no longer counts. */
  release({ mapped, ring }: Event): void {
    if (mapped && ring) this.#pages -= ring.pages;
  }

  /** Brings the metadata of an event up to now. */
  describe(event: Event): void {
    if (!event.mapped || !event.ring) return;
    const width = event.source.kind === "hardware" ? (this.#driver?.layout.width ?? 0) : 0;
    event.ring.describe({ ...totalOf(event, this.#driver), width });
  }

  /** Events that poll(2) sees now. */
  poll(event: Event): number {
    if (event.state === "exit" && event.children.length === 0) return POLLHUP;
    if (event.state === "error" && event.attr.has("pinned")) return POLLERR;
    return event.ring ? event.ring.takePoll() : POLLHUP;
  }
}
