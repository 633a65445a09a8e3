/**
 * Descriptors of the model's events in the program: each is a real one, the reading end of a pipe, so that the
 * kernel itself sees to dup, fork, CLOEXEC, O_ASYNC and F_SETOWN, and tells by the other end when the last one of
 * them has been closed.
 */
import { NotifyingPipe, O, SYSCALLS } from "../../../ffi/mod.ts";
import { identityOf } from "../descriptors/identity.ts";
import type { RecordedTask } from "../recorded-task.ts";
import type { Recording } from "../recording.ts";

/** What the program has opened. */
export interface PerfFileOptions {
  /** Its descriptor in the model. */
  fd: number;
  /** Task that it counts; -1 for all. */
  target: number;
  /** It starts with the target's next program. */
  enableOnExec: boolean;
}

/** One open event. */
export class PerfFile {
  readonly fd: number;
  readonly target: number;
  enableOnExec: boolean;
  /** Overflows after which it is switched off (PERF_EVENT_IOC_REFRESH); 0 if it goes on. */
  limit = 0;
  /** Its last overflow was the last one of such. */
  ended = false;
  /** A byte in the pipe says that it is worth reading. */
  ready = false;

  private constructor(
    readonly pipe: NotifyingPipe,
    /** Identity of the pipe. */
    readonly identity: string,
    options: PerfFileOptions,
  ) {
    ({ fd: this.fd, target: this.target, enableOnExec: this.enableOnExec } = options);
  }

  /**
   * Gives a stopped task a new descriptor for an event.
   *
   * @param closeOnExec Whether it is one that execve closes.
   * @returns The file and its number in the program, or -errno if there is none left.
   */
  static open(
    { tracer }: Recording,
    task: RecordedTask,
    closeOnExec: boolean,
    options: PerfFileOptions,
  ): { file: PerfFile; number: number } | number {
    const { cacheSpace } = task.space;
    const flags = closeOnExec ? O.CLOEXEC : 0;
    const result = tracer.inject(task, SYSCALLS.pipe2, task.space.cacheSpace.scratchAddress, flags);
    if (result < 0) return result;
    const view = new DataView(cacheSpace.scratch.buffer, cacheSpace.scratch.byteOffset);
    const [number, writer] = [view.getInt32(0, true), view.getInt32(4, true)];
    const pipe = new NotifyingPipe(`/proc/${task.tid}/fd/${writer}`);
    tracer.inject(task, SYSCALLS.close, writer);
    return { file: new PerfFile(pipe, identityOf(task.tid, number) ?? "", options), number };
  }
}

/** The open events of all processes. */
export class PerfFiles implements Disposable {
  private readonly open = new Map<string, PerfFile>();

  /** Whether there is any. */
  get any(): boolean {
    return this.open.size > 0;
  }

  add(file: PerfFile): void {
    this.open.set(file.identity, file);
  }

  [Symbol.iterator](): Iterator<PerfFile> {
    return this.open.values();
  }

  /** The event behind a descriptor of a task; undefined if it is of anything else, or of nothing. */
  find(tid: number, number: number): PerfFile | undefined {
    if (!this.any || number < 0) return undefined;
    return this.open.get(identityOf(tid, number) ?? "");
  }

  /** Takes out the events that no descriptor leads to any more. */
  takeAbandoned(): PerfFile[] {
    const gone = [...this.open.values()].filter(({ pipe }) => pipe.abandoned);
    for (const file of gone) {
      this.open.delete(file.identity);
      file.pipe[Symbol.dispose]();
    }
    return gone;
  }

  /** Gives all pipes back. */
  [Symbol.dispose](): void {
    for (const { pipe } of this.open.values()) pipe[Symbol.dispose]();
    this.open.clear();
  }
}
