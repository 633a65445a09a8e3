/**
 * Memory that a program maps of the model's events: shared memory without a file, into which the tracer puts what
 * the model has written, while nobody runs who could look. Each change is an event of the trace.
 */
import { ERRNO, MAP, MMAP_PAGE, type PerfMapping, type PerfSystem } from "../../../ffi/mod.ts";
import type { MemoryWrite } from "../../trace/events.ts";
import type { AddressSpace } from "../../tracee/address-space.ts";
import { PAGE_SIZE } from "../../tracee/mappings.ts";
import type { Call } from "../call.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";
import type { PerfFile } from "./perf-file.ts";

/** What such a mapping is called in the trace. */
export const PERF_MEMORY = "anon_inode:[perf_event]";

/** A mapping that a program has asked for. */
interface Request {
  file: PerfFile;
  mapping: PerfMapping;
}

/** A mapping in a program. */
interface View extends Request {
  space: AddressSpace;
  address: number;
  /** What the program has been shown. */
  shown: Uint8Array;
}

/** The rings and pages of all mapped events, filled from the model between the program's turns. */
export class PerfMemory implements Disposable {
  private readonly requests = new Map<Call, Request>();
  private views: View[] = [];

  constructor(private readonly recording: Recording) {}

  /** A program is about to map an event. @returns 0, or -errno where the host refuses. */
  ask(file: PerfFile, perf: PerfSystem, call: Call): number {
    const pages = call.argument(1) / PAGE_SIZE - 1;
    const shared = (call.int(3) & MAP.TYPE) !== MAP.PRIVATE;
    if (!shared || !Number.isInteger(pages) || call.argument(5) !== 0) return -ERRNO.EINVAL;
    const mapping = perf.map(file.fd, pages);
    if (typeof mapping === "number") return mapping;
    this.requests.set(call, { file, mapping });
    return 0;
  }

  /** Before the kernel makes the mapping: it is one of plain memory. */
  enters(task: RecordedTask, call: Call): void {
    if (!this.requests.has(call)) return;
    call.change(task, 3, call.int(3) | MAP.ANONYMOUS);
    call.change(task, 4, -1n);
    call.change(task, 5, 0);
  }

  /** After the kernel has made it: fills it. */
  leaves(task: RecordedTask, call: Call): void {
    const request = this.requests.get(call);
    if (!request) return;
    this.requests.delete(call);
    if (call.result < 0) return;
    const shown = request.mapping.bytes.slice();
    this.views.push({ ...request, space: task.space, address: call.result, shown });
    task.space.memory.write(call.result, shown);
  }

  isAt(space: AddressSpace, address: number): boolean {
    return this.views.some((view) => view.space === space && view.address === address);
  }

  /** Before the model goes on: takes over how far programs have read. */
  takeTails(): void {
    for (const { mapping, space, address } of this.mapped()) {
      const tail = space.memory.readU64(address + MMAP_PAGE.data_tail);
      if (tail !== undefined) mapping.view.setBigUint64(MMAP_PAGE.data_tail, tail, true);
    }
  }

  /** Shows programs what the model has written. All tasks must stand where replay can find them. */
  show(): void {
    for (const view of this.mapped()) {
      const writes = changes(view);
      if (writes.length === 0) continue;
      const task = [...this.recording.tasks.values()].find(({ space }) => space === view.space);
      if (!task) continue;
      for (const { address, bytes } of writes) view.space.memory.write(address, bytes);
      this.recording.changedFromOutside(task, writes);
    }
  }

  /** An event is closed. */
  close(file: PerfFile): void {
    for (const view of this.views) if (view.file === file) view.mapping[Symbol.dispose]();
    this.views = this.views.filter((view) => view.file !== file);
  }

  [Symbol.dispose](): void {
    for (const { mapping } of this.views) mapping[Symbol.dispose]();
    this.views = [];
  }

  /** The views that programs have not unmapped. One that is new is not in the space's list yet. */
  private mapped(): readonly View[] {
    if (this.views.length === 0) return this.views;
    const alive = new Set([...this.recording.tasks.values()].map(({ space }) => space));
    return this.views.filter(
      ({ space, address }) => alive.has(space) && space.mappings.find(address)?.name === PERF_MEMORY,
    );
  }
}

/** What has changed since it was last shown, in whole 64-bit words, but for what is the program's own to write. */
function changes({ mapping, shown, address }: View): MemoryWrite[] {
  const now = mapping.bytes;
  const writes: MemoryWrite[] = [];
  const same = (at: number): boolean => {
    if (at === MMAP_PAGE.data_tail) return true;
    for (let i = at; i < at + 8; i++) if (now[i] !== shown[i]) return false;
    return true;
  };
  for (let at = 0; at < now.length; at += 8) {
    if (same(at)) continue;
    const from = at;
    while (at < now.length && !same(at)) at += 8;
    writes.push({ address: address + from, bytes: now.slice(from, at) });
  }
  shown.set(now);
  return writes;
}
