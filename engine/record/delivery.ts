/** The delivery of a signal while recording: where it happens, and what comes of it. */
import type { MemoryWrite, Point, Registers } from "../trace/events.ts";

/** Where and with which registers a signal is delivered. */
export interface DeliveryPoint {
  point: Point;
  registers: Registers;
  /** The task is in a signal stop now (an int3 counts as one): the signal can take its place. */
  atSignalStop: boolean;
  /** The kernel insists on it: it can't be blocked or ignored. True for all faults. */
  forced?: boolean;
  /** It is a single step, of which the kernel itself knows nothing: the last fault of the task is set already. */
  isStep?: boolean;
  /** The task's tracer, one of the recording, knows of it and lets it be delivered. */
  isPassed?: boolean;
  /** A system call that the kernel may restart is being broken off. */
  interrupted?: {
    number: number;
    result: bigint;
    /** What the call wrote before (the time that was left, the events that were there). */
    writes: MemoryWrite[];
  };
}

/** What became of a task that got a signal; `held` for one whose tracer, a task of the recording, is to decide. */
export type Delivery = "handled" | "ignored" | "stopped" | "dying" | "held";
