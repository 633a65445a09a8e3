/**
 * Which folder owns what, and which others it may import from: the table in docs/architecture.md, which
 * `runner/bun suites/_layers.ts` brings up to date. `imports.test.ts` holds all files to it, types included.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./_imports.ts";
import { withPart } from "./_marked.ts";

/** A folder, with all below it that is no layer of its own. */
interface Layer {
  readonly folder: string;
  readonly owns: string;
  /** Folders that it may import from; of `*` it may from all. */
  readonly imports: readonly string[];
}

const DOCUMENT = join(ROOT, "docs/architecture.md");
const MARKS = ["<!-- layers: written by suites/_layers.ts -->", "<!-- end of layers -->"] as const;

/** What a session is made of. */
const BELOW = [
  "engine",
  "engine/arch",
  "engine/translate",
  "engine/tracee",
  "engine/kernel",
  "engine/trace",
  "ffi",
];
/** What recording and replay both use. */
const COMMON = [...BELOW, "engine/session"];

export const LAYERS: readonly Layer[] = [
  {
    folder: "ffi",
    owns: "the kernel and the processor: raw system calls, ptrace, spawning, native memory, tables of numbers",
    imports: ["ffi/perf"],
  },
  {
    folder: "ffi/perf",
    owns: "performance counters: events by name, counters, groups, sampling ([counters.md](counters.md)); `ffi` names them at its door",
    imports: ["ffi"],
  },
  {
    folder: "engine",
    owns: "what the folders below share: outcomes, errors, interrupts; its door `mod.ts`",
    imports: [
      "engine/translate",
      "engine/tracee",
      "engine/kernel",
      "engine/trace",
      "engine/session",
      "engine/record",
      "engine/record/deny",
      "engine/replay",
      "engine/host",
      "engine/debug",
      "ffi",
    ],
  },
  {
    folder: "engine/arch",
    owns: "what only one processor architecture has, `x86_64/`: registers and their order, the calling convention of the kernel, signal frames, emulated instructions, what cpuid shows",
    imports: ["engine", "engine/translate", "engine/tracee", "engine/kernel", "ffi"],
  },
  {
    folder: "engine/translate",
    owns: "the program's text to cache code: decoding, basic blocks, tick places, links, lookup table, modules that code cache spaces and later runs share",
    imports: ["engine"],
  },
  {
    folder: "engine/tracee",
    owns: "tasks, address spaces, code cache spaces, resuming and stopping, injected system calls",
    imports: ["engine", "engine/arch", "engine/translate", "engine/kernel", "engine/trace", "ffi"],
  },
  {
    folder: "engine/kernel",
    owns: "what each system call writes, whether it sleeps, what it does to files, memory and tasks, how it replays: one table of data, printed as [system-calls.md](system-calls.md)",
    imports: ["ffi"],
  },
  {
    folder: "engine/trace",
    owns: "the trace's format, its writer and its reader ([trace-format.md](trace-format.md))",
    imports: ["engine", "engine/arch", "ffi"],
  },
  {
    folder: "engine/session",
    owns: "what recording and replay share: births of tasks, what calls do to memory, output, checksums, places of tasks",
    imports: BELOW,
  },
  {
    folder: "engine/record",
    owns: "the recorder: lets things happen, writes events",
    imports: [
      ...COMMON,
      "engine/host",
      "engine/record/described",
      "engine/record/deny",
      "engine/record/seccomp",
    ],
  },
  {
    folder: "engine/record/deny",
    owns: "what `--deny` forbids: an interceptor",
    imports: ["engine/record", "engine/kernel", "ffi"],
  },
  {
    folder: "engine/record/seccomp",
    owns: "filters of system calls that the program sets for itself: an interceptor that checks and runs them",
    imports: ["engine", "engine/record", "engine/arch", "engine/tracee", "engine/kernel", "ffi"],
  },
  {
    folder: "engine/record/described",
    owns: "recording on a described host ([described-hosts.md](described-hosts.md)): its answers, the signals and memory of its counters: an interceptor",
    imports: [...COMMON, "engine/record", "engine/host"],
  },
  {
    folder: "engine/host",
    owns: "described hosts: a model of perf, virtual PMU, counters and cpuid of a profile ([hosts.md](hosts.md))",
    imports: ["ffi"],
  },
  {
    folder: "engine/replay",
    owns: "a replay as an object that others drive (`ReplaySession`): brings tasks to events, gives them the recorded outcome, compares",
    imports: COMMON,
  },
  {
    folder: "engine/debug",
    owns: "a replay that is moved by instructions, forward and back ([debugging.md](debugging.md)), and gdb's remote protocol over it",
    imports: [...COMMON, "engine/replay"],
  },
  {
    folder: "runner",
    owns: "command line, manifests, running tests, reports",
    imports: [
      "engine",
      "engine/arch",
      "engine/debug",
      "engine/host",
      "engine/trace",
      "engine/tracee",
      "engine/translate",
      "ffi",
      "ffi/perf",
    ],
  },
  { folder: "suites", owns: "test programs and whole-program tests", imports: ["*"] },
  { folder: "bench", owns: "benchmarks", imports: ["*"] },
];

/** The table as it must be in the document. */
function table(): string {
  const rows = LAYERS.map(({ folder, owns, imports }) => {
    const from = imports.includes("*") ? "anything" : imports.map((name) => `\`${name}\``).join(", ");
    return `| \`${folder}/\` | ${owns} | ${from} |`;
  });
  return ["| folder | what it owns | may import |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The document with the table as it must be. @throws {Error} If the marks are gone between which it stands. */
export function withTable(document: string): string {
  return withPart(document, "docs/architecture.md", MARKS, table());
}

/** The document as it is. */
export function readDocument(): string {
  return readFileSync(DOCUMENT, "utf8");
}

if (import.meta.main) writeFileSync(DOCUMENT, withTable(readDocument()));
