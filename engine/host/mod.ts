/**
 * Described hosts: a model that answers a program's perf system calls, cpuid and files of facts as the host of a
 * profile would. See `docs/hosts.md`.
 */
export { createHostModel } from "./model.ts";
export type { Certainty, CountedLine, HostModel, Overflow, Progress } from "./model-api.ts";
export type {
  CpuProfile,
  HostProfile,
  Hypervisor,
  KernelProfile,
  PmuProfile,
  TsxProfile,
} from "./profile.ts";
