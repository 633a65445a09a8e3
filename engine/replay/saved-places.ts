/** The checkpoints of a session: what a replay has been at certain places, to be put back to. */
import { invariant } from "../engine-error.ts";
import type { Totals } from "../outcome.ts";
import type { ExecEvent } from "../trace/events.ts";
import type { Checkpointer, SavedProcesses } from "./checkpoint.ts";
import type { SharedFiles } from "./shared-files.ts";

/** A place that a replay can be put back to; of the session that has made it. */
export interface Checkpoint {
  /** How many events are behind it. */
  readonly position: number;
  /** Raw counts of the task of the next event. */
  readonly ticks: number;
  readonly jumps: number;
  /** That task stands at a branch which makes its counts others than these, on its way to the event; else it has not begun to go there. */
  readonly atBranch: "tick" | "jump" | undefined;
  /** How many processes are kept for it. */
  readonly processes: number;
}

/** What a session remembers of one. */
export interface SavedPlace extends Checkpoint {
  readonly totals: Readonly<Totals>;
  readonly programs: ReadonlyMap<number, ExecEvent>;
  readonly saved: SavedProcesses;
}

/** Makes, loads and forgets them. */
export class SavedPlaces {
  readonly #all = new Set<SavedPlace>();

  /** @param shared What processes share, which may be cut. */
  constructor(
    private readonly checkpointer: Checkpointer,
    shared: SharedFiles,
  ) {
    shared.onCut = (inode, size) => this.#forgetLonger(inode, size);
  }

  /** Saves where the replay stands. @returns undefined where that can't be. */
  save(place: Omit<SavedPlace, "saved" | "processes">): Checkpoint | undefined {
    const saved = this.checkpointer.save();
    if (saved === undefined) return undefined;
    const made: SavedPlace = { ...place, saved, processes: saved.spaces.length };
    this.#all.add(made);
    return made;
  }

  /** Whether a checkpoint can still be gone back to. */
  has(checkpoint: Checkpoint): checkpoint is SavedPlace {
    return this.#all.has(checkpoint as SavedPlace);
  }

  /**
   * Puts processes back as they were.
   *
   * @returns What else is to be put back; undefined where it has not worked: the replay can't go on then.
   */
  load(checkpoint: Checkpoint): SavedPlace | undefined {
    invariant(this.has(checkpoint), "a checkpoint that is none of this session's");
    // Not to be forgotten meanwhile.
    this.#all.delete(checkpoint);
    const isLoaded = this.checkpointer.load(checkpoint.saved);
    this.#all.add(checkpoint);
    return isLoaded ? checkpoint : undefined;
  }

  /** Gives a checkpoint's processes and memory back. */
  forget(checkpoint: Checkpoint): void {
    if (!this.has(checkpoint)) return;
    this.#all.delete(checkpoint);
    this.checkpointer.drop(checkpoint.saved);
  }

  forgetAll(): void {
    for (const checkpoint of this.#all) this.forget(checkpoint);
  }

  /** Bytes of memory that a checkpoint keeps; of what it shares with others, its share. */
  bytesOf(checkpoint: Checkpoint): number {
    return this.has(checkpoint) ? this.checkpointer.bytesOf(checkpoint.saved) : 0;
  }

  /** A file that processes share is cut: what those of checkpoints had behind its end, for themselves, is lost. */
  #forgetLonger(inode: string, size: number): void {
    for (const checkpoint of [...this.#all]) {
      const { files } = checkpoint.saved.shared;
      if (files.some((file) => file.inode === inode && file.size > size)) this.forget(checkpoint);
    }
  }
}
