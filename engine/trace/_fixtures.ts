/** Events and folders for the tests of this folder. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REGISTER_COUNT } from "../arch/x86_64/registers.ts";
import type { CallsEvent, EventBase, Registers, SingleEvent, TraceEvent } from "./events.ts";
import type { TraceMeta } from "./meta.ts";
import { TraceReader } from "./reader.ts";
import { TraceWriter, type TraceWriterOptions } from "./writer.ts";

/** A description that has every field. */
export const META: TraceMeta = {
  command: ["/bin/true", "an argument"],
  program: "/usr/bin/true",
  environment: { HOME: "/root", EMPTY: "" },
  cwd: "/tmp",
  host: { kernel: "6.18.0", cpu: "A CPU", cores: 2, hostname: "here", hypervisor: true },
  engine: { name: "embedded", version: "0.1.0" },
  bun: "1.4.5",
  arch: "x86_64",
  startedAt: "2026-08-01T00:00:00.000Z",
};

/** Pseudo-random numbers in [0, 1) that are the same in every run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Registers with distinct values, the first of them `first`. */
export function registers(first: bigint): Registers {
  return BigUint64Array.from({ length: REGISTER_COUNT }, (_, i) => first + BigInt(i));
}

const base = (task: number, ticks: number): EventBase => ({
  task,
  ticks,
  registers: registers(BigInt(ticks)),
});

/** One event of each kind but `calls`, with extreme values, and an `end` at the end. */
export function oneOfEach(): SingleEvent[] {
  const bytes = Uint8Array.from({ length: 300 }, (_, i) => i);
  const mapping = {
    start: 0x7ffff7a00000,
    end: 0x7ffff7c00000,
    protection: 5,
    shared: false,
    offset: 2 ** 40,
  };
  return [
    {
      kind: "exec",
      ...base(100, 0),
      path: "/usr/bin/naïve 日本",
      brk: 0x555555560000,
      mappings: [
        { ...mapping, file: -1, name: "" },
        { ...mapping, start: 0xffffffffff600000, end: 0xffffffffff601000, file: -1, name: "[vsyscall]" },
      ],
      writes: [
        { address: 0x7ffffffde000, bytes },
        { address: 0, bytes: new Uint8Array(0) },
      ],
    },
    {
      kind: "syscall",
      ...base(100, 12),
      number: 9,
      result: 0x7ffff7a00000n,
      writes: [],
      stream: 0,
      outputHash: 0n,
      mapping: { ...mapping, file: -1, shared: true, name: "/lib/libc.so.6" },
    },
    {
      kind: "syscall",
      ...base(100, 13),
      number: 1,
      result: -4n,
      writes: [{ address: 0x1000, bytes }],
      stream: 2,
      outputHash: 2n ** 64n - 1n,
    },
    {
      kind: "signal",
      ...base(100, 2 ** 52),
      point: "jump",
      jumps: 7,
      signal: 14,
      siginfo: bytes.slice(0, 128),
      disposition: "handler",
      writes: [{ address: 0x7ffffffdd000, bytes }],
      after: registers(2n ** 64n - 30n),
    },
    {
      kind: "clone",
      ...base(100, 20),
      child: 101,
      childProcess: 100,
      flags: 0x1003d0f00,
      after: registers(9n),
      writes: [{ address: 8, bytes }],
    },
    { kind: "switch", ...base(100, 20), point: "return", jumps: 0 },
    {
      kind: "instruction",
      ...base(101, 1),
      name: "rdtsc",
      after: registers(5n),
      writes: [{ address: 0x7000, bytes: new Uint8Array([1, 2]) }],
    },
    { kind: "exit", ...base(101, 2), status: 0x8b, writes: [{ address: 16, bytes: new Uint8Array(4) }] },
    { kind: "memory", ...base(100, 20), writes: [{ address: 24, bytes: new Uint8Array(2) }] },
    {
      kind: "file",
      ...base(100, 20),
      file: 0,
      size: 5000,
      writes: [{ address: 4096, bytes: new Uint8Array(9) }],
    },
    {
      kind: "checksum",
      ...base(100, 20),
      sums: [
        { start: 0x1000, end: 0x2000, sum: 2n ** 64n - 1n },
        { start: 0x7ffff7a00000, end: 0x7ffff7c00000, sum: 0n },
      ],
    },
    { kind: "note", ...base(100, 20), text: "somebody looks on" },
    {
      kind: "registers",
      ...base(100, 20),
      point: "fault",
      jumps: 3,
      after: registers(77n),
      vectors: bytes.slice(0, 64),
    },
    { kind: "end", ...base(100, 21), reason: "exited", status: 256, message: "it says\nso" },
  ];
}

/** A call for {@link calls}. */
export interface MadeUpCall {
  number: number;
  args?: readonly bigint[];
  result?: bigint;
  writes?: readonly { address: bigint; bytes: Uint8Array }[];
}

/** An event of calls that were done without a stop, the first of them at tick 21 of task 100. */
export function calls(made: readonly MadeUpCall[]): CallsEvent {
  const words: bigint[] = [];
  made.forEach(({ number, args = [], result = 0n, writes = [] }, i) => {
    const start = words.length;
    words.push(0n, BigInt(21 + i), 0x401002n, BigInt.asUintN(64, result), ...args);
    for (const { address, bytes } of writes) {
      const whole = new Uint8Array(Math.ceil(bytes.length / 8) * 8);
      whole.set(bytes);
      words.push(address, BigInt(bytes.length), ...new BigUint64Array(whole.buffer));
    }
    const size = 8 * (words.length - start);
    words[start] =
      BigInt(size) | (BigInt(number) << 32n) | (BigInt(args.length) << 48n) | (BigInt(writes.length) << 56n);
  });
  const records = new Uint8Array(BigUint64Array.from(words).buffer);
  const none = new BigUint64Array(REGISTER_COUNT);
  return { kind: "calls", task: 100, ticks: 20 + made.length, registers: none, count: made.length, records };
}

/** Makes up `count` system calls of two tasks. */
export function syscalls(count: number, seed = 1): SingleEvent[] {
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => ({
    kind: "syscall" as const,
    task: 100 + (i % 2),
    ticks: i,
    registers: registers(BigInt(Math.floor(next() * 2 ** 32))),
    number: Math.floor(next() * 300),
    result: BigInt(i),
    writes: [{ address: 4096 * i, bytes: Uint8Array.from({ length: 40 }, () => next() * 256) }],
    stream: 0 as const,
    outputHash: 0n,
  }));
}

/** A folder that the test removes by leaving the scope of `using`. */
export interface TemporaryFolder extends Disposable {
  /** A path in the folder. */
  path(name: string): string;
}

/** Makes a folder for one test. */
export function temporaryFolder(): TemporaryFolder {
  const root = mkdtempSync(join(tmpdir(), "tickproof-trace-"));
  return {
    path: (name) => join(root, name),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Writes a trace of these events, and of one file if that changes; one chunk each if `cutEach`. */
export function record(
  dir: string,
  events: TraceEvent[],
  { cutEach = false, ...options }: RecordOptions = {},
): void {
  const writer = TraceWriter.create(dir, META, options);
  if (events.some(({ kind }) => kind === "file")) {
    writer.fileChanges(writer.addFile({ path: import.meta.path, name: "/tmp/mapped" }));
  }
  for (const event of events) {
    writer.write(event);
    if (cutEach) writer.flush();
  }
  writer.close();
}

interface RecordOptions extends TraceWriterOptions {
  cutEach?: boolean;
}

/** Reads all events of a trace. */
export function readAll(dir: string): { events: TraceEvent[]; incomplete: string | undefined } {
  const reader = TraceReader.open(dir);
  const events: TraceEvent[] = [];
  for (let event = reader.next(); event !== undefined; event = reader.next()) events.push(event);
  reader.close();
  return { events, incomplete: reader.incomplete };
}
