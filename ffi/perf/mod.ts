/**
 * perf: Linux's performance counters, usable without the rest of tickproof. Events by name, counters and groups of
 * them, sampling, reads that cost as little as the processor allows, and errors that say what to do. See
 * `docs/counters.md`.
 */

export { encodePerfAttr, PERF_ATTR, PERF_ATTR_SIZE, type PerfAttr, type PerfAttrField } from "./attr.ts";
export {
  IN_TX,
  IN_TXCP,
  PERF_ATTR_BIT,
  PERF_COUNT_HW,
  PERF_COUNT_SW,
  PERF_FLAG,
  PERF_FORMAT,
  PERF_IOC,
  PERF_IOC_FLAG_GROUP,
  PERF_RECORD,
  PERF_SAMPLE,
  PERF_SAMPLE_BRANCH_HW_INDEX,
  PERF_TYPE,
  type PerfAttrFlag,
} from "./constants.ts";
export { Counter } from "./counter.ts";
export type { PerfEvent } from "./event.ts";
export { CORES, type CoreEvents, type CoreName } from "./events/cores.ts";
export { EventNameError } from "./events/error.ts";
export { happensInKernel } from "./events/generic.ts";
export { type Microarchitecture, microarchitecture } from "./events/microarchitectures.ts";
export { eventNames, resolveEvent, resolveEvents } from "./events/mod.ts";
export { EVENT_LISTS } from "./events/origins.ts";
export {
  identifyProcessor,
  implementerCode,
  isAarch64,
  MIDR_FILE,
  type ProcessorId,
  processorId,
} from "./events/processor.ts";
export { parseCpuList } from "./events/sources.ts";
export { codeOf, vendorEvents } from "./events/vendor-list.ts";
export { type HostFacts, liveFacts } from "./facts.ts";
export { CounterGroup, GROUP_WORD } from "./group.ts";
export { livePerf } from "./live.ts";
export { describeLosses, type SamplingLosses } from "./losses.ts";
export { MMAP_PAGE, MMAP_PAGE_CAPABILITY } from "./mmap-page.ts";
export type { CounterOptions } from "./open.ts";
export { readPageTime } from "./page-time.ts";
export type { Counted, CounterTimes, NotCounted, NotSupported, OpenReading, Reading } from "./reading.ts";
export { toNotSupported, toReading } from "./reading.ts";
export { type CpuMode, decodeRecord, type PerfRecord, type RecordBody } from "./record.ts";
export { RingError } from "./record-bytes.ts";
export { meansNotSupported, refusalRemedy } from "./refusal.ts";
export { RecordRing } from "./ring.ts";
export type { BranchEntry, ReadValues, Sample, SampledRegisters, SampleId, SampleLayout } from "./sample.ts";
export { type SampleField, Sampler, type SamplerOptions, type SideRecord } from "./sampler.ts";
export type { PerfMapping, PerfStep, PerfSystem } from "./system.ts";
export { COUNTER_WORDS, nativeWords } from "./words.ts";
