/** Straight runs on a described host: what machine code does on a live one is told to the model here. */
import { ERRNO, type PerfStep } from "../../ffi/mod.ts";
import type { Progress } from "./model-api.ts";

/** What a step can do on the model. */
export interface StepWorld {
  ioctl(fd: number, request: number, argument: number | bigint): number;
  read(fd: number, into: BigUint64Array): number;
  advance(progress: Progress): void;
  reschedule(): void;
  /** Transactions run; or xbegin aborts at once; or there is no such instruction. */
  readonly transactions: "run" | "abort" | "none";
}

/** A loop of `dec` and `jnz`. */
const LOOP_INSTRUCTIONS = 2;

/** Counts of steps are as the live host checks them. @throws RangeError for a number that is no count. */
function checkCount(what: string, count: number, least: number): void {
  if (!Number.isSafeInteger(count) || count < least) {
    throw new RangeError(
      `Cannot run a step as its number of ${what} must be an integer of at least ${least}: current value is ${count}`,
    );
  }
}

function perform(world: StepWorld, step: PerfStep): number {
  switch (step.do) {
    case "ioctl":
      return world.ioctl(step.fd, step.request, step.argument);
    case "read":
      return world.read(step.fd, step.into);
    case "branches":
      checkCount("branches", step.count, 0);
      world.advance({ branches: step.count, instructions: LOOP_INSTRUCTIONS * step.count });
      return 0;
    case "locked-adds":
      checkCount("locked additions", step.count, 0);
      world.advance({ branches: 0, instructions: step.count, lockedInstructions: step.count });
      return 0;
    case "aborted-transaction":
      checkCount("branches", step.branches, 1);
      if (world.transactions === "none") return -ERRNO.ENOSYS;
      if (world.transactions === "abort") return -ERRNO.EAGAIN;
      world.advance({
        branches: 0,
        instructions: LOOP_INSTRUCTIONS * step.branches,
        abortedBranches: step.branches,
        transactions: "rtm",
      });
      return 0;
    case "reschedule":
      world.reschedule();
      return 0;
  }
}

/** See `PerfSystem.run`. */
export function runSteps(world: StepWorld, steps: readonly PerfStep[]): number[] {
  return steps.map((step) => perform(world, step));
}
