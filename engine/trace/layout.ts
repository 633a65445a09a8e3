/** The numbers and names that the format gives to things: shared by both sides of the codec. */
import { join } from "node:path";
import type { EndEvent, SignalEvent, TraceEvent } from "./events.ts";

/** Value of `format` in `meta.json`: tells a trace from any other folder. */
export const FORMAT = "tickproof-trace";

/** Version of the format that this code writes, and the newest that it reads. */
export const VERSION = 6;

/** Event kinds in the order of their codes. Only ever append: the index is what is stored. */
export const KINDS = [
  "exec",
  "syscall",
  "signal",
  "switch",
  "instruction",
  "clone",
  "exit",
  "end",
  "memory",
  "file",
  "note",
  "checksum",
  "calls",
  "registers",
] as const satisfies readonly TraceEvent["kind"][];

/** Signal dispositions in the order of their codes. */
export const DISPOSITIONS = [
  "handler",
  "ignored",
  "fatal",
] as const satisfies readonly SignalEvent["disposition"][];

/** What a system call has beside what all have, in the order of their codes. */
export const SYSCALL_EXTRAS = ["nothing", "mapping", "withheld"] as const;

/** End reasons in the order of their codes. */
export const REASONS = [
  "exited",
  "interrupted",
  "unsupported",
] as const satisfies readonly EndEvent["reason"][];

/** Size of a siginfo_t. */
export const SIGINFO_BYTES = 128;

/** Most bytes of a vector state: an XSAVE area is no larger with any features of today. */
export const MAX_VECTORS_BYTES = 16384;

/** Bytes of an event before its registers: size, kind, task, ticks. */
export const EVENT_HEAD_BYTES = 17;

/** Bytes of the smallest event: a head and an empty register mask. */
export const MIN_EVENT_BYTES = EVENT_HEAD_BYTES + 4;

/** Bytes of a memory write before its contents: address, length. */
export const WRITE_HEAD_BYTES = 12;

/** Bytes of a sum of memory. */
export const SUM_BYTES = 24;

/** Bytes of a mapping with an empty name. */
export const MIN_MAPPING_BYTES = 37;

/** Names of the files of a trace in its folder: the description, the chunks, the list of mapped files. */
export const META_NAME = "meta.json";
export const EVENTS_NAME = "events";
export const FILE_LIST_NAME = "files.jsonl";
/** Name of the file of checksums of all others, which a trace may have. */
export const SUMS_NAME = "sums.json";
export const HOST_LOG_NAME = "hostlog.json";

/** Path of the description of a trace. */
export const metaPath = (dir: string): string => join(dir, META_NAME);

/** Path of the chunks of a trace. */
export const eventsPath = (dir: string): string => join(dir, EVENTS_NAME);

/** Path of the list of the mapped files of a trace. */
export const fileListPath = (dir: string): string => join(dir, FILE_LIST_NAME);

/**
 * Where the contents of a mapped file are, relative to the trace. Derived from the index alone, so that a
 * trace can never lead its reader to a path outside of its folder.
 */
export const storedName = (index: number): string => join("files", String(index).padStart(3, "0"));
