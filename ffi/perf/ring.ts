/**
 * The ring buffer of an event: the kernel writes records at `data_head`, the reader takes them from `data_tail` on.
 *
 * Order of memory. The kernel writes a record, then (behind a write barrier) the new head. The reader loads the head,
 * then the record: the load must *acquire*, so that no byte of the record is read before it. When it is done it stores
 * the tail, which must *release*, so that every byte was read before the kernel may write over it. x86 keeps
 * both orders by itself, but the JIT need not: so both are Atomics, which no compiler moves other accesses across.
 * Source: linux/perf_event.h (data_head); tools/include/linux/ring_buffer.h.
 */

import { MMAP_PAGE } from "./mmap-page.ts";
import { decodeRecord, type PerfRecord, RECORD_HEADER } from "./record.ts";
import { RingError } from "./record-bytes.ts";
import type { SampleLayout } from "./sample.ts";
import type { PerfMapping } from "./system.ts";

const PAGE = 4096;

/** The reader's side of one ring. */
export class RecordRing {
  readonly #head: BigUint64Array;
  readonly #tail: BigUint64Array;
  readonly #data: Uint8Array;
  readonly #layout: SampleLayout;

  /**
   * @param mapping Of the event, with pages of ring behind the first.
   * @param layout Of its records.
   * @throws RingError for a mapping without a ring.
   */
  constructor({ bytes, view }: PerfMapping, layout: SampleLayout) {
    const word = (offset: number) => new BigUint64Array(bytes.buffer, bytes.byteOffset + offset, 1);
    this.#head = word(MMAP_PAGE.data_head);
    this.#tail = word(MMAP_PAGE.data_tail);
    this.#layout = layout;
    // Kernels before 4.1 leave both 0: the ring is what follows the first page.
    const size = Number(view.getBigUint64(MMAP_PAGE.data_size, true)) || bytes.length - PAGE;
    const offset = Number(view.getBigUint64(MMAP_PAGE.data_offset, true)) || PAGE;
    if (size <= 0 || (size & (size - 1)) !== 0 || offset + size > bytes.length) {
      throw new RingError(
        `Cannot read a ring as its size must be a power of two in the mapping: current value is ${size}`,
      );
    }
    this.#data = bytes.subarray(offset, offset + size);
  }

  /**
   * Takes all records that are there now, oldest first, and gives their room back to the kernel.
   *
   * @throws RingError for a ring whose content makes no sense.
   */
  drain(): PerfRecord[] {
    const head = Atomics.load(this.#head, 0);
    const tail = this.#tail[0]!;
    const size = this.#data.length;
    const available = head - tail;
    if (available < 0n || available > BigInt(size)) {
      throw new RingError(`Cannot read a ring of ${size} bytes as ${available} bytes are said to be in it`);
    }
    const records: PerfRecord[] = [];
    const start = Number(tail & BigInt(size - 1));
    for (let done = 0; done < Number(available); ) {
      const length = this.#bytes(start + done + RECORD_HEADER.length, 2).reduceRight(
        (sum, byte) => sum * 256 + byte,
        0,
      );
      if (length < RECORD_HEADER.size || length > Number(available) - done) {
        throw new RingError(
          `Cannot read a ring as a record must have 8 to ${Number(available) - done} bytes: current value is ${length}`,
        );
      }
      records.push(decodeRecord(this.#bytes(start + done, length), this.#layout));
      done += length;
    }
    Atomics.store(this.#tail, 0, head);
    return records;
  }

  /** Bytes from a position on; in one piece, also where the ring's end lies between them. */
  #bytes(position: number, length: number): Uint8Array {
    const size = this.#data.length;
    const at = position & (size - 1);
    if (at + length <= size) return this.#data.subarray(at, at + length);
    const whole = new Uint8Array(length);
    whole.set(this.#data.subarray(at));
    whole.set(this.#data.subarray(0, length - (size - at)), size - at);
    return whole;
  }
}
