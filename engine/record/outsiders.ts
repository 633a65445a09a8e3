/**
 * Memory that the program shares with processes outside of the recording: files that both map or that others can write
 * to, segments of System V, and rings of packets, which the kernel has. The recorder can't see each store there. So it
 * tells the user whom the memory is shared with, and writes down what has changed whenever a system call ends: a program
 * that waits by system calls is replayed with what it found, one that spins on such memory is not.
 */
import { type Clock, steadyClock } from "../clock.ts";
import { SEGMENT_PREFIX } from "../session/memory-calls.ts";
import type { MemoryWrite } from "../trace/events.ts";
import type { AddressSpace } from "../tracee/address-space.ts";
import type { Mapping } from "../tracee/mappings.ts";
import { PAGE_SIZE } from "../tracee/mappings.ts";
import type { MappedFiles } from "./descriptors/mapped-files.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { findSharers, type Sought } from "./sharers.ts";

/** Milliseconds until others are looked for once more; twice as many each time, up to the second number. */
const FIRST_LOOK = 1000;
const LAST_LOOK = 30_000;

/**
 * A look takes longer, the more the host runs. So the next one waits for so many times as long as one took, and for
 * FIRST_LOOK at most: looking takes a tenth of the time of a program that maps one file after the other.
 */
const REST = 9;

/** How many of the others are named. */
const MOST_NAMED = 3;

/** Most bytes of one such memory that are compared at each system call. */
const MOST_COMPARED = 1 << 24;

/** What looking for others needs of a recording. */
export interface SharedMemoryLog {
  readonly tasks: ReadonlyMap<number, RecordedTask>;
  readonly files: Pick<MappedFiles, "inodeOf" | "changedOutside" | "resizedOutside">;
  /** Tells the user something of a task. */
  note(task: RecordedTask, text: string): void;
  /** Writes down memory of a task's process that somebody else has changed. */
  changedFromOutside(task: RecordedTask, writes: MemoryWrite[]): void;
}

/** Begins the names of mappings of sockets: rings that the kernel itself writes to (packet(7)). */
const SOCKET_PREFIX = "socket:";

/** Memory of the program that others can have, too. */
interface Share extends Sought {
  /** Index in the trace's file list; -1 for a segment, and for a ring. */
  file: number;
  views: { space: AddressSpace; mapping: Mapping }[];
}

/** Finds who shares memory with the recording, tells the user by name, and records what they have changed. */
export class Outsiders {
  /** What the trace knows of memory that is shared with others, by its identity and the number of its page. */
  private readonly foreign = new Map<string, Map<number, Uint8Array>>();
  /** Names of what the user has been told of. */
  private readonly told = new Set<string>();
  /** The program has had shared memory. */
  private hasShares = false;
  private nextLook = 0;
  /** When the last look was paid for. */
  private rested = 0;
  private interval = FIRST_LOOK;

  /**
   * @param now A clock in milliseconds.
   * @param find Looks for others.
   */
  constructor(
    private readonly recording: SharedMemoryLog,
    private readonly now: Clock = steadyClock,
    private readonly find: typeof findSharers = findSharers,
  ) {}

  /** The program has got shared memory: others are looked for at the end of the call, or once the last look is paid for. */
  expect(): void {
    this.hasShares = true;
    this.nextLook = this.rested;
    this.interval = FIRST_LOOK;
  }

  /** The program has mapped a ring of a socket's: the kernel shares it. */
  shareRing(name: string): void {
    this.hasShares = true;
    if (!this.foreign.has(name)) this.foreign.set(name, new Map());
  }

  /** Whether memory is shared with others, so that each end of a call is looked at. */
  get areThere(): boolean {
    return this.foreign.size > 0;
  }

  /** To be called after the event of a call. */
  after(task: RecordedTask): void {
    if (!this.hasShares) return;
    const now = this.now();
    if (now >= this.nextLook) {
      this.look(task);
      const end = this.now();
      this.rested = end + Math.min(REST * (end - now), FIRST_LOOK);
      this.nextLook = end + this.interval;
      this.interval = Math.min(2 * this.interval, LAST_LOOK);
    }
    if (this.foreign.size > 0) for (const [key, share] of this.shares()) this.writeDown(task, key, share);
  }

  /** Looks who else has the shared memory. */
  private look(task: RecordedTask): void {
    const unknown = [...this.shares()].filter(([key]) => !this.foreign.has(key));
    if (unknown.length === 0) return;
    const own = new Set([
      process.pid,
      ...[...this.recording.tasks.values()].map((other) => other.process.pid),
    ]);
    const found = this.find(
      own,
      unknown.map(([, share]) => share),
    );
    for (const [key, share] of unknown) {
      const others = found.get(share);
      if (!others) continue;
      this.foreign.set(key, new Map());
      if (this.told.has(share.name)) continue;
      this.told.add(share.name);
      const names = others.slice(0, MOST_NAMED).map(({ pid, name }) => `process ${pid} (${name})`);
      if (others.length > names.length) names.push(`${others.length - names.length} more`);
      this.recording.note(
        task,
        `${share.name} is shared with ${names.join(", ")} outside of the recording: what others change there is seen ` +
          "when a system call ends, and a program that waits for it without one is not replayed exactly",
      );
    }
  }

  /** Shared memory of the recorded processes, by what tells it from other memory. */
  private shares(): Map<string, Share> {
    const shares = new Map<string, Share>();
    for (const { space } of this.recording.tasks.values()) {
      for (const mapping of space.mappings.all) {
        if (!mapping.shared) continue;
        const isSegment = mapping.name.startsWith(SEGMENT_PREFIX);
        const isRing = mapping.file < 0 && mapping.name.startsWith(SOCKET_PREFIX);
        const inode = isSegment
          ? mapping.name.slice(SEGMENT_PREFIX.length)
          : isRing
            ? mapping.name
            : this.recording.files.inodeOf(mapping.file);
        if (inode === undefined) continue;
        const key = isSegment || isRing ? mapping.name : `file ${mapping.file}`;
        const name = isSegment ? `shared memory segment ${inode}` : mapping.name;
        const share = shares.get(key) ?? {
          name,
          inode,
          isFile: !isSegment && !isRing,
          file: mapping.file,
          views: [],
        };
        if (!share.views.some((view) => view.space === space && view.mapping === mapping))
          share.views.push({ space, mapping });
        shares.set(key, share);
      }
    }
    return shares;
  }

  /** Writes down what is different from what the trace knows. */
  private writeDown(task: RecordedTask, key: string, share: Share): void {
    const known = this.foreign.get(key);
    if (!known) return;
    // Cut or extended: first, since what follows may lie behind its old end.
    if (share.file >= 0) this.recording.files.resizedOutside(task, share.file);
    const seen = new Set<number>();
    for (const { space, mapping } of share.views) {
      const { start, end, offset } = mapping;
      const bytes = space.memory.read(start, Math.min(end - start, MOST_COMPARED));
      const writes: MemoryWrite[] = [];
      for (let at = 0; at < bytes.length; at += PAGE_SIZE) {
        const page = (offset + at) / PAGE_SIZE;
        if (seen.has(page)) continue;
        seen.add(page);
        const now = bytes.subarray(at, at + PAGE_SIZE);
        const before = known.get(page);
        if (before && Buffer.compare(before, now) === 0) continue;
        known.set(page, now.slice());
        writes.push({ address: share.file < 0 ? start + at : offset + at, bytes: now.slice() });
      }
      if (writes.length > 0) this.changed(task, space, share.file, writes);
    }
  }

  private changed(task: RecordedTask, space: AddressSpace, file: number, writes: MemoryWrite[]): void {
    const { recording } = this;
    if (file >= 0) {
      recording.files.changedOutside(task, file, writes);
      return;
    }
    const owner = [...recording.tasks.values()].find((other) => other.space === space);
    if (owner) recording.changedFromOutside(owner, writes);
  }
}
