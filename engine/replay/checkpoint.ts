/**
 * Checkpoints of a replay: places that it can be put back to, without going there from its start.
 *
 * Memory is kept by the kernel: of each address space a process is forked off that never runs, and whose pages are copied
 * when the replay writes to its own. To go back, that one is forked once more, its threads are made anew, and what
 * processes share is put back into the files behind it (`shared-files.ts`).
 */
import { CLONE } from "../../ffi/mod.ts";
import { VectorState } from "../arch/x86_64/vector-state.ts";
import { invariant } from "../engine-error.ts";
import { readProcFile } from "../proc-file.ts";
import { readMaps } from "../proc-maps.ts";
import type { AddressSpace, SpaceState } from "../tracee/address-space.ts";
import type { LiveStop } from "../tracee/kernel-stop.ts";
import { Process, Task } from "../tracee/task.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { CallFeed } from "./call-feed.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { ReplayedTask, type TaskKeeper } from "./replayed-task.ts";
import type { SavedFiles, SharedFiles } from "./shared-files.ts";
import { canSave, loadTask, saveTask, type TaskState } from "./task-state.ts";

/** What threads of a process share. */
const THREAD = CLONE.VM | CLONE.FS | CLONE.FILES | CLONE.SIGHAND | CLONE.THREAD;

/** A task that is there to make others. It runs nothing of the program. */
class Maker extends Task {
  readonly process: Process;

  /** @param space One whose code cache it has in its memory. */
  constructor(
    pid: number,
    space: AddressSpace,
    private readonly keeper: TaskKeeper,
  ) {
    super(pid, pid);
    this.process = new Process(pid, pid, space);
  }

  override prepareCalls(): void {}
  override groupStop(): void {}
  override elision(): void {}
  override strayStop(stop: LiveStop): void {
    this.keeper.strayStop(this, stop);
  }
}

/** A process of a checkpoint. */
interface SavedProcess {
  id: number;
  /** Its tasks; its leader may be gone before its threads. */
  tasks: readonly { state: TaskState; isLeader: boolean }[];
}

/** An address space of a checkpoint, and the processes in it: several where one has made others that share its memory. */
interface SavedSpace {
  state: SpaceState;
  /** The process that was forked off. */
  maker: Maker;
  gadget: number;
  processes: readonly SavedProcess[];
}

/** All processes of a replay as they were at one time. */
export interface SavedProcesses {
  spaces: readonly SavedSpace[];
  shared: SavedFiles;
  /** Ids of all tasks, in the order of the replay. */
  order: readonly number[];
}

/** Saves the processes of a replay, and puts them back. */
export class Checkpointer implements Disposable {
  readonly #vectors = new VectorState();

  constructor(
    private readonly tracer: Tracer,
    private readonly lifecycle: Lifecycle,
    private readonly shared: SharedFiles,
    private readonly calls: CallFeed,
  ) {}

  /** Whether all processes can be saved where they are. */
  get canSave(): boolean {
    const tasks = [...this.lifecycle.tasks.values()];
    return (
      tasks.length > 0 &&
      tasks.every((task) => task.space.forksWhole && canSave(task) && !this.tracer.isInCall(task))
    );
  }

  /** Saves all processes. @returns undefined where that can't be done. */
  save(): SavedProcesses | undefined {
    if (!this.canSave) return undefined;
    const { tasks } = this.lifecycle;
    const spaces: SavedSpace[] = [];
    for (const [space, residents] of Map.groupBy(tasks.values(), (task) => task.space)) {
      const saved = this.#saveSpace(space, residents);
      if (saved === undefined) {
        for (const one of spaces) this.#dropSpace(one);
        return undefined;
      }
      spaces.push(saved);
    }
    if (this.shared.hasNameless) this.shared.sweep(this.#mappedInodes());
    return { spaces, shared: this.shared.save(), order: [...tasks.keys()] };
  }

  #saveSpace(space: AddressSpace, residents: readonly ReplayedTask[]): SavedSpace | undefined {
    const [first] = residents;
    invariant(first, "an address space that nobody lives in");
    const gadget = space.cacheSpace.cache.syscallGadget;
    const maker = this.#fork(first, gadget, space);
    if (maker === undefined) return undefined;
    space.cacheSpace.keep();
    const processes = [...Map.groupBy(residents, ({ process }) => process)].map(([{ id, pid }, tasks]) => ({
      id,
      tasks: tasks.map((task) => ({
        state: saveTask(task, this.#vectors, this.calls),
        isLeader: task.tid === pid,
      })),
    }));
    return { state: space.save(), maker, gadget, processes };
  }

  /** Forks a process off. @returns undefined where the kernel has none to give. */
  #fork(from: Task, gadget: number, space: AddressSpace): Maker | undefined {
    return this.#make(from, gadget, space, 0);
  }

  #make(from: Task, gadget: number, space: AddressSpace, flags: number): Maker | undefined {
    const pid = this.lifecycle.makeTask(from, gadget, flags);
    if (pid <= 0) return undefined;
    this.lifecycle.processes.add(pid);
    const maker = new Maker(pid, space, this.lifecycle.keeper);
    this.lifecycle.takeFirstStop(maker);
    return maker;
  }

  #mappedInodes(): Set<string> {
    const inodes = new Set<string>();
    for (const { tid } of this.lifecycle.tasks.values()) {
      for (const { shared, inode } of readMaps(tid)) if (shared) inodes.add(inode);
    }
    return inodes;
  }

  /**
   * Ends all processes, and puts saved ones in their place.
   *
   * @returns Whether that has worked. If not, the replay can't go on.
   */
  load({ spaces, shared, order }: SavedProcesses): boolean {
    const { lifecycle } = this;
    const forked = spaces.map(({ maker, gadget }) => this.#fork(maker, gadget, maker.space));
    lifecycle.endTasks();
    this.shared.load(shared);
    const tasks = new Map<number, ReplayedTask>();
    for (const [i, saved] of spaces.entries()) {
      const maker = forked[i];
      if (maker === undefined || !this.#populate(saved, maker, tasks)) return false;
    }
    for (const id of order) {
      const task = tasks.get(id);
      invariant(task, "a saved task that was not made");
      lifecycle.tasks.set(id, task);
    }
    return true;
  }

  /** Makes the processes of an address space, of which the first has been forked. */
  #populate(
    { state, gadget, processes }: SavedSpace,
    first: Maker,
    tasks: Map<number, ReplayedTask>,
  ): boolean {
    const space = this.tracer.spaceLike(state, first.tid);
    space.users = processes.length;
    for (const [n, saved] of processes.entries()) {
      const maker = n === 0 ? first : this.#make(first, gadget, space, CLONE.VM);
      if (maker === undefined) return false;
      const process = new Process<ReplayedTask>(saved.id, maker.tid, space);
      for (const { state: task, isLeader } of saved.tasks) {
        const tid = isLeader ? maker.tid : this.lifecycle.makeTask(maker, gadget, THREAD);
        if (tid <= 0) return false;
        const made = new ReplayedTask(task.id, tid, process, this.lifecycle.keeper);
        if (!isLeader) this.lifecycle.takeFirstStop(made);
        tasks.set(task.id, made);
      }
      for (const { state: task, isLeader } of saved.tasks) {
        const made = tasks.get(task.id)!;
        // It has made the others first.
        if (isLeader) made.stop = maker.stop;
        loadTask(made, task, this.#vectors);
      }
    }
    return true;
  }

  /** Bytes of memory that saved processes keep; of what they share with others, their share. */
  bytesOf({ spaces, shared }: SavedProcesses): number {
    return spaces.reduce((sum, { maker }) => {
      const [, kilobytes = "0"] =
        /^Pss:\s+(\d+) kB/m.exec(readProcFile(`/proc/${maker.tid}/smaps_rollup`) ?? "") ?? [];
      return sum + 1024 * Number(kilobytes);
    }, shared.bytes);
  }

  /** Forgets saved processes. */
  drop({ spaces, shared }: SavedProcesses): void {
    for (const space of spaces) this.#dropSpace(space);
    shared[Symbol.dispose]();
  }

  #dropSpace({ maker, state }: SavedSpace): void {
    // None is left when all of the replay has ended.
    if (this.lifecycle.processes.has(maker.tid)) this.lifecycle.endAll(maker.tid);
    state.cacheSpace.release();
  }

  [Symbol.dispose](): void {
    this.#vectors[Symbol.dispose]();
  }
}
