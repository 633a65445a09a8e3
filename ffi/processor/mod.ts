/** The processor's own answers, and what a call of native code costs. */
export {
  type CpuFeatures,
  type CpuidResult,
  cpuFeatures,
  cpuid,
  rdrand,
  rdseed,
  rdtsc,
  rdtscp,
  xgetbv,
} from "./cpu.ts";
export { emptyCall } from "./empty-call.ts";
