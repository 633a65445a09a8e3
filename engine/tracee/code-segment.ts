/** Pieces of the memory that tracer and tracees share for the code cache, as the tracer makes them. */
import type { NativeBuffer } from "../../ffi/mod.ts";

/** What a piece of it is for. */
export type CodeUse = "context" | "code";

/** A piece of it, as the tracer has it. */
export interface CodeSegment extends Disposable {
  readonly buffer: NativeBuffer;
  /** Whether another user can write to it, also where no task has it: it serves nobody else then. */
  readonly isGiven: boolean;
}

/** Who makes them. */
export interface SegmentSource<S extends CodeSegment = CodeSegment> {
  /**
   * Whether what is translated into it may be left to later runs. Not in a replay: translations come to life by a hash of
   * their text, which somebody who makes up a trace can make collide with that of another program.
   */
  readonly isTrusted: boolean;
  /** Makes a piece of so many bytes. @throws SyscallError where there is no memory. */
  make(size: number, use: CodeUse): S;
}
