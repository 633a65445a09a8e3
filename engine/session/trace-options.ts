/** Options of every tracee. */
import { PTRACE_O } from "../../ffi/mod.ts";

/** EXITKILL above all: no tracee outlives its tracer. */
export const TRACE_OPTIONS =
  PTRACE_O.EXITKILL |
  PTRACE_O.TRACESYSGOOD |
  PTRACE_O.TRACEEXEC |
  PTRACE_O.TRACECLONE |
  PTRACE_O.TRACEFORK |
  PTRACE_O.TRACEVFORK |
  PTRACE_O.TRACESECCOMP;
