/** This machine as a host: every question is asked of the kernel, the processor and the file system. */
import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { getAffinity, liveFacts, livePerf, readKernelLog } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { Scratch, tracesRoot } from "../files/mod.ts";
import { findCompiler } from "../programs/compiler.ts";
import { attempt } from "./attempts.ts";
import { throwIfInterrupted } from "./interrupted.ts";
import { onPerformanceCores } from "./performance-cores.ts";
import type { Execution, Host } from "./types.ts";

/** A program that takes longer has hung. */
const EXECUTION_MS = 30_000;

function execute(command: readonly string[]): Execution {
  using scratch = new Scratch("doctor");
  const folder = scratch.file("empty");
  mkdirSync(folder);
  const { exitCode, stdout, stderr } = Bun.spawnSync([...command], {
    cwd: folder,
    stdin: "ignore",
    timeout: EXECUTION_MS,
    killSignal: "SIGKILL",
  });
  throwIfInterrupted();
  return { exitCode: exitCode ?? undefined, stdout: stdout.toString(), stderr: stderr.toString() };
}

function compiler(): ReturnType<Host["compiler"]> {
  try {
    return { identity: findCompiler().identity };
  } catch (error) {
    if (error instanceof UsageError) return { missing: error.message };
    throw error;
  }
}

/** rr is often a build of one's own, beside the distribution's: a variable names it. */
function findProgram(name: string): string | null {
  const { TICKPROOF_RR, RR } = process.env;
  return Bun.which((name === "rr" && (TICKPROOF_RR || RR)) || name);
}

function traceSpace(): ReturnType<Host["traceSpace"]> {
  const folder = tracesRoot();
  // The folder is made with the first trace: until then what counts is where it will be.
  for (let existing = folder; ; existing = dirname(existing)) {
    if (existsSync(existing)) {
      const { bavail, bsize } = statfsSync(existing);
      return { folder, bytes: bavail * bsize };
    }
  }
}

/** The machine that this process runs on. */
export const liveHost: Host = {
  name: "live",
  kind: "live",
  perf: onPerformanceCores(livePerf, liveFacts),
  ...liveFacts,
  kernelLog: readKernelLog,
  allowedProcessors: () => getAffinity(0),
  attempt,
  findProgram,
  execute,
  compiler,
  traceSpace,
};
