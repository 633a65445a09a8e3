/**
 * What the engine knows of the kernel's system calls: which memory of the program each of them writes, how
 * replay answers it, whether it sleeps, and which ones cannot be recorded.
 *
 * The knowledge is data (`table/`), in a little language (`amounts.ts`, `conditions.ts`, `areas.ts`). A number that
 * the table does not have belongs to a later kernel: answer it with -ENOSYS, as an earlier one would.
 *
 * The rule of the table is that it may name memory that the kernel did not write, since saving it just restates
 * it, and never the other way round. So a range may reach into pages that are not mapped: cut it there.
 */

export { type Amount, evaluate } from "./amounts.ts";
export { type Area, LOCAL_IOVECS, REMOTE_IOVECS, rangesOf } from "./areas.ts";
export {
  BUFFERED,
  type BufferedCall,
  type BufferedWrite,
  type FlowWay,
} from "./buffered.ts";
export type { Handling, MemoryWay, SyscallSpec, TaskWay } from "./call.ts";
export type { CallView, MemoryRange } from "./call-view.ts";
export { type Change, changesOf } from "./changes.ts";
export { type Condition, holds } from "./conditions.ts";
export {
  asksToWrite,
  type ContentChange,
  type DescriptorChange,
  type FileChange,
  type LastLink,
  type PathArgument,
  type Stretch,
  UNNAMED,
} from "./files.ts";
export {
  answer,
  blocks,
  bytesSent,
  movesTo,
  outputRanges,
  refusal,
  SLEEPERS,
  sleepsAs,
  syscallSpec,
  wakesWhom,
} from "./query.ts";
export { BPF_COMMAND } from "./table/bpf.ts";
