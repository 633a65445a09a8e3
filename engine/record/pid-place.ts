/** Where a task is that is not in the recorder's own namespace of process ids. */
export interface PidPlace {
  /** Names the namespace. */
  readonly namespace: string;
  /** The task's id there. */
  readonly id: number;
}
