/**
 * The memory that a program maps of an event: a page of metadata, and the ring buffer of records behind it.
 * Source: linux/perf_event.h (perf_event_mmap_page), kernel/events/ring_buffer.c.
 */
import { MMAP_PAGE, MMAP_PAGE_CAPABILITY } from "../../../ffi/mod.ts";

export const PAGE_SIZE = 4096;
/** Bytes of the metadata up to its reserved part (offsetof __reserved). */
const METADATA_SIZE = 96;

/** Types of records. */
export const RECORD = { LOST: 2, THROTTLE: 5, UNTHROTTLE: 6, SAMPLE: 9 } as const;

/** A record as it goes into the ring, without its header. */
export interface RingRecord {
  readonly type: number;
  readonly misc: number;
  readonly words: readonly bigint[];
}

const HEADER = 8;
/** misc of records about user mode. PERF_RECORD_MISC_USER. */
export const MISC_USER = 2;
const POLLIN = 1;

export interface Metadata {
  readonly count: number;
  readonly enabled: number;
  readonly running: number;
  readonly width: number;
}

export class Ring {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly view: DataView<ArrayBuffer>;
  readonly pages: number;
  readonly #wakeupEvents: number;
  readonly #watermark: number;
  /** The kernel's own head: what stands in the page is for the program, who may write there. */
  #head = 0;
  #lastWakeup = 0;
  #samples = 0;
  /** Records that found no room since one did. */
  #lost = 0;
  #poll = 0;
  #paused = false;

  /**
   * @param pages Pages of ring buffer, 0 or a power of two.
   * @param wakeup Samples, or bytes, after which a poll returns; 0 for half of the buffer.
   */
  constructor(pages: number, wakeup: { readonly events: number; readonly bytes: number }) {
    this.pages = pages;
    this.bytes = new Uint8Array(new ArrayBuffer((1 + pages) * PAGE_SIZE));
    this.view = new DataView(this.bytes.buffer);
    this.#wakeupEvents = wakeup.events;
    const size = pages * PAGE_SIZE;
    this.#watermark = wakeup.bytes > 0 ? Math.min(wakeup.bytes, size) : size / 2;
    this.view.setUint32(MMAP_PAGE.size, METADATA_SIZE, true);
    const deprecated = 1n << BigInt(MMAP_PAGE_CAPABILITY.bit0_is_deprecated);
    this.view.setBigUint64(MMAP_PAGE.capabilities, deprecated, true);
    this.view.setBigUint64(MMAP_PAGE.data_offset, BigInt(PAGE_SIZE), true);
    this.view.setBigUint64(MMAP_PAGE.data_size, BigInt(size), true);
  }

  /** Metadata of now: index 0 sends the reader to read(2), as no program can read a described counter itself. */
  describe({ count, enabled, running, width }: Metadata): void {
    const { view } = this;
    const lock = view.getUint32(MMAP_PAGE.lock, true) & ~1;
    view.setUint32(MMAP_PAGE.lock, lock + 2, true);
    view.setUint32(MMAP_PAGE.index, 0, true);
    view.setBigInt64(MMAP_PAGE.offset, BigInt(count), true);
    view.setBigUint64(MMAP_PAGE.time_enabled, BigInt(Math.floor(enabled)), true);
    view.setBigUint64(MMAP_PAGE.time_running, BigInt(Math.floor(running)), true);
    view.setUint16(MMAP_PAGE.pmc_width, width, true);
  }

  set paused(paused: boolean) {
    this.#paused = paused;
  }

  get #size(): number {
    return this.pages * PAGE_SIZE;
  }

  /** Bytes that are free by the tail that the program has written, which may be anything. */
  get #room(): number {
    const tail = Number(this.view.getBigUint64(MMAP_PAGE.data_tail, true) & BigInt(this.#size - 1));
    const used = ((((this.#head % this.#size) - tail) % this.#size) + this.#size) % this.#size;
    return this.#size - used - 1;
  }

  /**
   * Writes a record, or counts it as lost where there is no room; the next one that fits tells of those.
   *
   * @param lostRecord Makes the record of so many lost ones.
   * @returns Whether it was written.
   */
  write(record: RingRecord, lostRecord: (lost: number) => RingRecord): boolean {
    if (this.#paused) {
      this.#lost++;
      return false;
    }
    const records = this.#lost > 0 ? [lostRecord(this.#lost), record] : [record];
    const bytes = records.reduce((sum, { words }) => sum + HEADER + words.length * 8, 0);
    if (bytes > this.#room) {
      this.#lost++;
      return false;
    }
    this.#lost = 0;
    for (const each of records) this.#put(each);
    this.view.setBigUint64(MMAP_PAGE.data_head, BigInt(this.#head), true);
    this.#wake(record.type === RECORD.SAMPLE);
    return true;
  }

  #put({ type, misc, words }: RingRecord): void {
    const size = HEADER + words.length * 8;
    const header = BigInt(type) | (BigInt(misc) << 32n) | (BigInt(size) << 48n);
    for (const word of [header, ...words]) {
      this.view.setBigUint64(PAGE_SIZE + (this.#head % this.#size), BigInt.asUintN(64, word), true);
      this.#head += 8;
    }
  }

  #wake(sample: boolean): void {
    if (this.#wakeupEvents > 0) {
      if (!sample || ++this.#samples < this.#wakeupEvents) return;
      this.#samples = 0;
      this.#poll |= POLLIN;
    } else if (this.#head - this.#lastWakeup > this.#watermark) {
      this.#lastWakeup = this.#head;
      this.#poll |= POLLIN;
    }
  }

  /** Events that a poll sees; it takes them away. */
  takePoll(): number {
    const poll = this.#poll;
    this.#poll = 0;
    return poll;
  }
}
