/**
 * What pieces of work cost, in counts that no clock and no other program on the machine has a part in. A change that
 * makes one grow by more than a tenth fails here; one that makes it smaller belongs into `costs/baseline.json`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import type { Cost } from "../engine/mod.ts";
import { EventEncoder } from "../engine/trace/encode.ts";
import { TraceReader } from "../engine/trace/mod.ts";
import type { Report } from "../runner/outcome/mod.ts";
import { hostTest, run, Scratch, TICKPROOF } from "./_tickproof.ts";

const FOLDER = resolve(import.meta.dir, "costs");
const BASELINE = join(FOLDER, "baseline.json");
const GROWTH = 1.1;
/** So much more is no growth, where a piece costs next to nothing. */
const SLACK = { counts: 0.05, bytes: 0.5 };

/** The pieces, and how often each is done in the shorter of two runs: what starting costs is in both. */
const PIECES = {
  "a system call": { mode: "c", count: 2000, more: 4000 },
  "a read of 64 bytes": { mode: "r", count: 1000, more: 2000 },
  "a message through a pipe": { mode: "m", count: 1000, more: 2000 },
  "a round trip between two processes": { mode: "t", count: 200, more: 400 },
  "a question about a path": { mode: "p", count: 1000, more: 2000 },
  "an open and a close": { mode: "o", count: 1000, more: 2000 },
  "memory that is mapped and given back": { mode: "y", count: 100, more: 200 },
  "a cpuid": { mode: "i", count: 1000, more: 2000 },
  "a function that runs for the first time": { mode: "f", count: 256, more: 512 },
  "a function of a program that was recorded before": { mode: "f", count: 256, more: 512, isKept: true },
  "an execve": { mode: "e", count: 20, more: 60, isKept: true },
} as const;

/** What a piece costs: in a recording, its replay, and the trace. */
interface Costs {
  record: Cost;
  replay: Cost;
  traceBytes: number;
}

function costsOf(program: string, mode: string, count: number, isKept: boolean): Costs {
  using scratch = new Scratch();
  const environment = { XDG_CACHE_HOME: scratch.file("cache") };
  const [trace, report] = [scratch.file("trace"), scratch.file("report.json")];
  const input = scratch.file("input");
  writeFileSync(input, Buffer.alloc(64, "x"));
  const words = (command: readonly string[]): string[] => [
    "/bin/sh",
    "-c",
    `exec "$@" < "${input}"`,
    "sh",
    ...TICKPROOF,
    ...command,
  ];
  const measured = (...command: readonly string[]): Cost => {
    const { exit, stderr } = run(words([command[0]!, "-q", "--report", report, ...command.slice(1)]), {
      environment,
    });
    assertEquals(exit, { code: 0 }, stderr);
    const told = JSON.parse(readFileSync(report, "utf8")) as Report;
    assert(told.kind !== "error" && told.cost);
    return told.cost;
  };
  const record = (to: string): Cost => measured("record", "-o", to, "--", program, mode, String(count));
  if (isKept) record(scratch.file("first"));
  return {
    record: record(trace),
    replay: measured("replay", trace),
    traceBytes: eventBytes(trace),
  };
}

/** Bytes of a trace's events, in one chunk: into how many a recording cuts them, and how small, depends on the time. */
function eventBytes(trace: string): number {
  const reader = TraceReader.open(trace);
  const encoder = new EventEncoder();
  try {
    for (let event = reader.next(); event; event = reader.next()) encoder.encode(event);
  } finally {
    reader.close();
  }
  return Bun.zstdCompressSync(encoder.bytes, { level: 1 }).length;
}

/** What one piece more costs. */
function perPiece(fewer: Costs, more: Costs, pieces: number): Costs {
  const part = (a: number, b: number): number => Math.round((1000 * (b - a)) / pieces) / 1000;
  const parts = (a: Cost, b: Cost): Cost => ({
    stops: part(a.stops, b.stops),
    traps: part(a.traps, b.traps),
    translatedBytes: part(a.translatedBytes, b.translatedBytes),
  });
  return {
    record: parts(fewer.record, more.record),
    replay: parts(fewer.replay, more.replay),
    traceBytes: part(fewer.traceBytes, more.traceBytes),
  };
}

function* numbersOf({ record, replay, traceBytes }: Costs): Iterable<[name: string, value: number]> {
  for (const [name, value] of Object.entries(record)) yield [`record: ${name}`, value];
  for (const [name, value] of Object.entries(replay)) yield [`replay: ${name}`, value];
  yield ["bytes of trace", traceBytes];
}

for (const [piece, { mode, count, more, ...kept }] of Object.entries(PIECES)) {
  hostTest(`${piece} costs no more than it did`, ["gcc"], () => {
    using scratch = new Scratch();
    const program = scratch.file("pieces");
    const flags = [
      "-w",
      "-O1",
      "-nostdlib",
      "-static",
      "-no-pie",
      "-fno-stack-protector",
      "-fcf-protection=none",
    ];
    const compiled = run(["gcc", ...flags, "-o", program, join(FOLDER, "pieces.c")]);
    assertEquals(compiled.exit, { code: 0 }, compiled.stderr);
    const isKept = "isKept" in kept;
    const costs = perPiece(
      costsOf(program, mode, count, isKept),
      costsOf(program, mode, more, isKept),
      more - count,
    );
    const baseline = JSON.parse(readFileSync(BASELINE, "utf8")) as Record<string, Costs>;
    const before = baseline[piece];
    const shown = JSON.stringify(costs);
    assert(before, `costs/baseline.json has nothing of '${piece}': it costs ${shown}`);
    const known = new Map(numbersOf(before));
    for (const [name, value] of numbersOf(costs)) {
      const most = GROWTH * known.get(name)! + SLACK[/bytes/i.test(name) ? "bytes" : "counts"];
      assert(value <= most, `${name} of ${piece}: ${value}, at most ${most} is right; all of it is ${shown}`);
    }
  });
}
