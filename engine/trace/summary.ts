/** What a trace holds, counted in one pass: what `tickproof info` prints. */
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { oneLine, signalName, syscallName } from "../../ffi/mod.ts";
import { singleEvents } from "./call-records.ts";
import { formatStatus } from "./dump-values.ts";
import type { EndEvent, TraceEvent } from "./events.ts";
import type { HostInfo } from "./host.ts";
import { type HostLogLine, readHostLog } from "./host-log.ts";
import type { DescribedHostInfo } from "./meta.ts";
import { TraceReader } from "./reader.ts";

/** How a program ended. */
export type Exit = { code: number } | { signal: number };

/** Figures of a trace. */
export interface TraceSummary {
  command: string[];
  host: HostInfo;
  /** Seed of the schedule that tasks took turns by, if not a fair one. */
  chaos?: number;
  /** How many turns that schedule had, if fair ones followed. */
  chaosTurns?: number;
  /** Seed of the schedule behind these, if no fair one. */
  chaosThen?: number;
  /** Why each system call stopped its task, if so. */
  allStop?: string;
  /** The described host that answered the program, if any. */
  described?: DescribedHostInfo;
  /** What its kernels have logged meanwhile, and what the machine below has refused. */
  hostLog?: readonly HostLogLine[];
  engine: { name: string; version: string };
  /** Version of Bun that recorded it. */
  bun: string;
  startedAt: string;
  /** Events in all. */
  events: number;
  /** Events by kind; kinds that do not occur are absent. */
  kinds: Record<string, number>;
  /** System calls by name, the most frequent first. */
  syscalls: Record<string, number>;
  /** How many of the system calls were done without a stop. */
  buffered: number;
  /** Retired conditional branches of all tasks together. */
  ticks: number;
  /** Tasks that had events. */
  tasks: number;
  /** Processes that the clone events tell of, with the first one. */
  processes: number;
  signals: number;
  switches: number;
  /** How the first process ended; undefined if it did not. */
  exit: Exit | undefined;
  /** Why the recording ended; undefined if it just breaks off. */
  reason: EndEvent["reason"] | undefined;
  /** The recorder's word to the user; "" if there is none. */
  message: string;
  /** What the recorder noted for the user: memory that is shared with others, for instance. */
  notes: string[];
  /** Whether the trace has its end. */
  complete: boolean;
  /** Why it has none. */
  incomplete?: string;
  /** Bytes of the trace's folder; contents that it shares with other traces are counted in full. */
  sizeBytes: number;
}

/**
 * Reads a whole trace and counts what is in it.
 *
 * @throws {TraceError} If it is missing or damaged.
 */
export function summarize(dir: string): TraceSummary {
  const reader = TraceReader.open(dir);
  const tally = new Tally();
  try {
    for (let event = reader.next(); event !== undefined; event = reader.next()) {
      for (const [, single] of singleEvents(event, reader.position)) {
        if (event.kind === "calls" && single.kind === "syscall") tally.buffered++;
        tally.add(single);
      }
    }
  } finally {
    reader.close();
  }
  const { command, host, described, chaos, chaosTurns, chaosThen, allStop, engine, bun, startedAt } =
    reader.meta;
  const { end } = tally;
  return {
    command,
    host,
    ...(described && { described, hostLog: readHostLog(dir) }),
    ...(chaos !== undefined && { chaos }),
    ...(chaosTurns !== undefined && { chaosTurns }),
    ...(chaosThen !== undefined && { chaosThen }),
    ...(allStop !== undefined && { allStop }),
    engine,
    bun,
    startedAt,
    events: reader.position + 1,
    kinds: Object.fromEntries(tally.kinds),
    syscalls: Object.fromEntries(
      [...tally.syscalls].sort((a, b) => b[1] - a[1]).map(([number, count]) => [syscallName(number), count]),
    ),
    buffered: tally.buffered,
    ticks: tally.ticks,
    tasks: tally.tasks,
    processes: tally.processes.size + 1,
    signals: tally.kinds.get("signal") ?? 0,
    switches: tally.kinds.get("switch") ?? 0,
    exit: end?.reason === "exited" ? exitOf(end.status) : undefined,
    reason: end?.reason,
    message: end?.message ?? "",
    notes: tally.notes,
    complete: end !== undefined,
    ...(reader.incomplete === undefined ? {} : { incomplete: reader.incomplete }),
    sizeBytes: folderSize(dir),
  };
}

/** A summary as text, one fact a line. */
export function formatSummary(summary: TraceSummary): string {
  const { host, engine, kinds, syscalls } = summary;
  const list = (counts: Record<string, number>) =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  const lines: [string, string][] = [
    ["command", summary.command.map(quote).join(" ")],
    ["recorded", `${summary.startedAt} by ${engine.name} ${engine.version} on Bun ${summary.bun}`],
    [
      "host",
      `${host.hostname}: ${host.cpu}, ${host.cores} cores, Linux ${host.kernel}${host.hypervisor ? ", virtual" : ""}`,
    ],
    ...(summary.described
      ? [["described", `${summary.described.name}: ${summary.described.description}`] as [string, string]]
      : []),
    ...hostLogRows(summary.hostLog ?? []),
    ...(summary.chaos === undefined ? [] : [["chaos", chaosText(summary)] as [string, string]]),
    ["events", `${summary.events} (${list(kinds)})`],
    ["syscalls", `${list(syscalls)}${summary.buffered > 0 ? ` (${summary.buffered} without a stop)` : ""}`],
    ...(summary.allStop === undefined
      ? []
      : [["stops", `at each system call: ${summary.allStop}`] as [string, string]]),
    [
      "tasks",
      `${summary.tasks} in ${summary.processes} ${summary.processes === 1 ? "process" : "processes"}`,
    ],
    ["ticks", String(summary.ticks)],
    ["size", `${(summary.sizeBytes / 1e6).toFixed(1)} MB`],
    ["end", formatEnd(summary)],
    ...summary.notes.map((note) => ["note", note] as [string, string]),
  ];
  return lines.map(([name, value]) => `${name.padEnd(9)} ${oneLine(value)}`.trimEnd()).join("\n");
}

/** Lines of each log that a summary shows. */
const LOG_ROWS = 12;

function hostLogRows(lines: readonly HostLogLine[]): [string, string][] {
  return (["guest", "host"] as const).flatMap((of) => {
    const own = lines.filter((line) => line.of === of);
    const rest = own.slice(LOG_ROWS).reduce((sum, { count: times }) => sum + times, 0);
    const rows = own
      .slice(0, LOG_ROWS)
      .map(({ text, count: times }): [string, string] => [
        `${of} log`,
        times > 1 ? `${text} (${times} times)` : text,
      ]);
    return rest === 0 ? rows : [...rows, [`${of} log`, `and ${rest} more`] as [string, string]];
  });
}

function formatEnd({ exit, reason, message, incomplete }: TraceSummary): string {
  if (reason === undefined) return incomplete ?? "unknown";
  const how =
    exit === undefined
      ? reason
      : "code" in exit
        ? formatStatus(exit.code << 8)
        : `killed by ${signalName(exit.signal)}`;
  return message === "" ? how : `${how}: ${message}`;
}

/** Counts events while they go by. */
class Tally {
  readonly kinds = new Map<string, number>();
  readonly syscalls = new Map<number, number>();
  readonly processes = new Set<number>();
  readonly notes: string[] = [];
  buffered = 0;
  end: EndEvent | undefined;
  readonly #lastTicks = new Map<number, number>();
  #goneTasks = 0;
  #goneTicks = 0;

  add(event: TraceEvent): void {
    count(this.kinds, event.kind);
    // The end event is the recorder's: it need not belong to a task that ever ran.
    if (event.kind === "end") {
      this.end = event;
      return;
    }
    if (event.kind === "note") this.notes.push(event.text);
    this.#lastTicks.set(event.task, event.ticks);
    if (event.kind === "syscall") count(this.syscalls, event.number);
    if (event.kind === "clone" && event.child === event.childProcess) this.processes.add(event.child);
    if (event.kind === "exit") {
      // The kernel may give the thread id to another task later on.
      this.#goneTasks++;
      this.#goneTicks += event.ticks;
      this.#lastTicks.delete(event.task);
    }
  }

  get tasks(): number {
    return this.#goneTasks + this.#lastTicks.size;
  }

  get ticks(): number {
    return this.#lastTicks.values().reduce((sum, ticks) => sum + ticks, this.#goneTicks);
  }
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal };
}

function folderSize(dir: string): number {
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => lstatSync(join(dir, name)))
    .reduce((sum, stat) => (stat.isFile() ? sum + stat.size : sum), 0);
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : JSON.stringify(word);
}

function chaosText({ chaos, chaosTurns, chaosThen }: TraceSummary): string {
  const then = chaosThen === undefined ? "" : `, and seed ${chaosThen} from then on`;
  return chaosTurns === undefined
    ? `seed ${chaos}`
    : `seed ${chaos}, for the first ${chaosTurns} turns${then}`;
}
