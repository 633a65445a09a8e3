/**
 * The trace of a recording: its events, its writer and its reader.
 *
 * A trace is a folder with a description (`meta.json`), a list of mapped files (`files.jsonl`) with their
 * contents (`files/`), and the events in compressed, checked chunks (`events`). `docs/trace-format.md` has
 * every byte of it.
 */

export {
  CallRecords,
  callEvent,
  eventCount,
  MAX_RECORDS_BYTES,
  RECORD_HEAD,
  singleEvents,
  WRITE_HEAD,
} from "./call-records.ts";
export { copyData } from "./copy-data.ts";
export { formatEvent } from "./dump.ts";
export { eventToJson, type Json } from "./dump-json.ts";
export { formatStatus } from "./dump-values.ts";
export * from "./events.ts";
export type { FileIdentity, TraceFile } from "./file-list.ts";
export { describeHost, type HostInfo } from "./host.ts";
export { formatHostLine, type HostLogLine, readHostLog, writeHostLog } from "./host-log.ts";
export { MAX_CHUNK_BYTES } from "./limits.ts";
export { readMeta, type TraceMeta } from "./meta.ts";
export { TraceReader } from "./reader.ts";
export { type Exit, formatSummary, summarize, type TraceSummary } from "./summary.ts";
export { type TextBytes, textAt } from "./text-at.ts";
export { TraceError, type TraceErrorParts } from "./trace-error.ts";
export { type Verified, verifyTrace } from "./verify.ts";
export { type FileSource, TraceWriter, type TraceWriterOptions } from "./writer.ts";
