/**
 * Watches a recording from outside, and has it stopped where its result could not be trusted. The process waits
 * until it is watched, so that nothing of it is missed.
 */

/** Watches the processes of one phase after another. */
export interface Guard {
  /**
   * Begins to watch a process, before it does anything, and all that it will start.
   *
   * @returns The watch, or why it can't be watched.
   */
  watch(pid: number): Watch;
}

/** The watch over one process tree. */
export interface Watch extends Disposable {
  /** Why the process must be stopped; undefined as long as all is well. */
  alarm(): string | undefined;
}
