/** A described host as a host: the model answers what this machine's kernel and processor would. */
import {
  createHostModel,
  type HostModel,
  type HostProfile,
  type KernelProfile,
} from "../../engine/host/mod.ts";
import { cpuMask } from "./performance-cores.ts";
import { loadProfile } from "./profiles.ts";
import type { Attempted, Host } from "./types.ts";

/** The task that the probes are, on the model. */
const TASK = 1000;

/** Yama's scopes that refuse PTRACE_TRACEME: to tasks without a capability, and to all. */
const YAMA = { capability: 2, nobody: 3 } as const;

/** What Yama refuses is told; what else may (a container's filter) is not. Source: security/yama/yama_lsm.c. */
function tracing({ ptraceScope = 0, privileged }: KernelProfile): Attempted | undefined {
  const refused = ptraceScope >= YAMA.nobody || (ptraceScope >= YAMA.capability && privileged !== true);
  return refused ? { works: false, call: "ptrace(PTRACE_TRACEME)", code: "EPERM" } : undefined;
}

/** Programs may use all processors, but those that somebody keeps on performance cores. */
function allowedProcessors({ cpu }: HostProfile): bigint {
  return cpu.hybrid?.pinned === true ? cpuMask(cpu.hybrid.core) : (1n << BigInt(cpu.cores)) - 1n;
}

/**
 * Makes a host of a model.
 *
 * @param model A model that nothing else runs on: probes leave traces in its kernel's log and sampling rate.
 * @returns The host; what no profile tells (files, programs, the kernel beside perf) it leaves open.
 */
export function describedHost(model: HostModel): Host {
  model.switchIn(TASK);
  return {
    name: model.profile.name,
    kind: "described",
    perf: model.perfFor(TASK),
    cpuid: (leaf, subleaf = 0) => model.cpuid(leaf, subleaf),
    readFile: (path) => model.readFile(path),
    readDirectory: (path) => model.readDirectory(path),
    kernelLog: () => model.kernelLog,
    allowedProcessors: () => allowedProcessors(model.profile),
    attempt: (what) => (what === "ptrace" ? tracing(model.profile.kernel) : undefined),
    findProgram: () => undefined,
    execute: () => undefined,
    compiler: () => undefined,
    traceSpace: () => undefined,
  };
}

/**
 * A described host, right after its start.
 *
 * @param nameOrPath As {@link loadProfile} takes it.
 * @throws {UsageError} As {@link loadProfile} does.
 */
export function loadDescribedHost(nameOrPath: string): Host {
  return describedHost(createHostModel(loadProfile(nameOrPath)));
}
