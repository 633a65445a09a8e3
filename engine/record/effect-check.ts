/**
 * Checks the table of system calls against the kernel (`record --check-effects`): all memory that the program can write
 * is compared before and after each call, and what has changed must be in an event. Slow; meant for those who work on the
 * table, and for finding out what a replay diverges by.
 *
 * Not compared are calls on memory itself, and those during which another task has run.
 */
import { PROT, SYSCALLS, syscallName } from "../../ffi/mod.ts";
import { readMaps } from "../proc-maps.ts";
import type { TraceEvent } from "../trace/events.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Most bytes of memory that are compared. */
const MOST = 1 << 30;

/** A stretch of memory, as it was. */
export interface Snapshot {
  start: number;
  bytes: Uint8Array;
}

/** A stretch of memory. */
export interface Stretch {
  start: number;
  end: number;
}

/** What is known of a call that has not ended. */
interface Pending {
  task: RecordedTask;
  before: Snapshot[];
  /** What events say that has changed. */
  told: Stretch[];
  /** Another task may have written. */
  disturbed: boolean;
}

/** A call has changed memory that no event tells of. */
export class UntoldEffect extends Error {}

/** Compares memory before and after each call, and tells which change no event covers. */
export class EffectCheck {
  private readonly pending = new Map<Call, Pending>();
  /** How many calls of each number were compared. */
  readonly compared = new Map<number, number>();

  constructor(private readonly tracer: Tracer) {}

  /** To be called when the kernel is about to do a call. */
  before(task: RecordedTask, call: Call): void {
    // It goes on with another call, which only the engine knows.
    if (call.spec?.handling !== "record" || call.number === SYSCALLS.restart_syscall) return;
    this.pending.set(call, { task, before: this.snapshots(task), told: [], disturbed: false });
  }

  /** To be called with each event. */
  told(event: TraceEvent): void {
    for (const pending of this.pending.values()) {
      const { task, told } = pending;
      if (event.kind === "file") {
        for (const mapping of task.space.mappings.ofFile(event.file)) told.push(mapping);
      } else if (event.task !== task.id) {
        pending.disturbed = true;
      } else if ("writes" in event) {
        for (const { address, bytes } of event.writes)
          told.push({ start: address, end: address + bytes.length });
      }
    }
  }

  /** To be called when the events of a call are written. @throws UntoldEffect */
  after(call: Call): void {
    const pending = this.pending.get(call);
    if (!pending) return;
    this.pending.delete(call);
    if (pending.disturbed) return;
    this.compared.set(call.number, (this.compared.get(call.number) ?? 0) + 1);
    for (const before of pending.before) {
      const now = pending.task.space.memory.read(before.start, before.bytes.length);
      const found = firstUntold(before, now, pending.told);
      if (found === undefined) continue;
      const args = call.args.map((value) => `0x${value.toString(16)}`).join(", ");
      throw new UntoldEffect(
        `the system call ${syscallName(call.number)}(${args}) = ${call.result} at 0x${call.pc.toString(16)} changed ` +
          `memory at 0x${found.toString(16)}, which the table of system calls does not name: replay would not have it ` +
          "(engine/kernel/table)",
      );
    }
  }

  /** All that a task's process can write, but for what is the engine's, and memory that is seen in two places. */
  private snapshots({ tid, space }: RecordedTask): Snapshot[] {
    let room = MOST;
    return readMaps(tid)
      .filter(({ start, end, protection }) => protection & PROT.WRITE && !space.holdsEngine(start, end))
      .filter(({ start }) => !this.isSeenTwice(space.mappings.find(start)))
      .map(({ start, end }) => {
        const bytes = space.memory.read(start, Math.min(end - start, room)).slice();
        room -= bytes.length;
        return { start, bytes };
      });
  }

  /** A private page may show what is written to its file. */
  private isSeenTwice(mapping: { shared: boolean; file: number } | undefined): boolean {
    if (!mapping || mapping.file < 0) return mapping?.shared === true;
    const views = this.tracer.mappingsOf(mapping.file);
    return views.length > 1 && views.some((view) => view.mapping.shared);
  }
}

/**
 * The first address that is different and was not told.
 *
 * @param now What is there now, or a beginning of it: what is not mapped any more is not compared.
 */
export function firstUntold(before: Snapshot, now: Uint8Array, told: readonly Stretch[]): number | undefined {
  const length = Math.min(before.bytes.length, now.length);
  for (let page = 0; page < length; page += 4096) {
    const end = Math.min(page + 4096, length);
    if (Buffer.compare(before.bytes.subarray(page, end), now.subarray(page, end)) === 0) continue;
    for (let i = page; i < end; i++) {
      const address = before.start + i;
      if (before.bytes[i] === now[i]) continue;
      if (!told.some(({ start, end: last }) => address >= start && address < last)) return address;
    }
  }
  return undefined;
}
