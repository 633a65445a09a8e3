/**
 * Where two recordings of one program differ first: in what they were told (results of calls, memory that the kernel has
 * written), in the way they took (which task came where, by how many ticks), and in what they wrote. Tasks are known by the
 * order of their births, since their ids are others each time.
 */
import { formatEvent, type SingleEvent, TraceReader } from "../../engine/trace/mod.ts";

/** An event of a trace, and its index there. */
type Indexed = readonly [index: number, event: SingleEvent];

/** The first events that differ; one of them is missing where that recording has no more. */
export interface Difference {
  a?: { event: number; line: string; task: number };
  b?: { event: number; line: string; task: number };
  /** What differs, a few words each. */
  what: string[];
}

/** What two recordings differ in. */
export interface TraceDifference {
  /** Events that came the same way in both. */
  common: number;
  told?: Difference;
  way?: Difference;
  output?: Difference;
}

/** Reads what tells of the program; notes and checksums do not. */
class Side {
  readonly #reader: TraceReader;
  readonly #events: Iterator<Indexed>;
  readonly #order = new Map<number, number>();

  constructor(directory: string) {
    this.#reader = TraceReader.open(directory);
    this.#events = this.#reader.singles()[Symbol.iterator]();
  }

  next(): Indexed | undefined {
    for (;;) {
      const { value, done } = this.#events.next();
      if (done) return undefined;
      const [, { kind, task }] = value;
      if (kind === "note" || kind === "checksum") continue;
      this.nameOf(task);
      return value;
    }
  }

  /** A task by the order of births. */
  nameOf(task: number): number {
    const known = this.#order.get(task) ?? this.#order.size + 1;
    this.#order.set(task, known);
    return known;
  }

  /** What a result is but for the ids of tasks, which are others each time. */
  plain(value: bigint): string {
    const task = this.#order.get(Number(value));
    return task === undefined || value <= 1n ? `${value}` : `task ${task}`;
  }

  close(): void {
    this.#reader.close();
  }
}

/** What of an event says which way its task took. */
function wayOf(event: SingleEvent, side: Side): Record<string, string> {
  const { kind, task, ticks, registers } = event;
  const way: Record<string, string> = { event: kind, task: `${side.nameOf(task)}`, ticks: `${ticks}` };
  if (kind === "syscall") way.call = `${event.number}`;
  if (kind === "signal") way.signal = `${event.signal}`;
  if (kind === "signal" || kind === "switch" || kind === "registers") way.jumps = `${event.jumps}`;
  if (kind === "instruction") way.instruction = event.name;
  if (kind === "exit") way.status = `${event.status}`;
  if (kind === "exec") way.program = event.path;
  if (kind === "end") way.end = `${event.reason} ${event.status}`;
  way.pc = `${registers[RIP]}`;
  return way;
}

/** Instructions that say something else in any two runs. */
const CLOCKS: ReadonlySet<string> = new Set(["rdtsc", "rdtscp"]);

/** Index of rip among the registers of an event. */
const RIP = 16;

/** What of an event the program was told. */
function toldBy(event: SingleEvent, side: Side): Record<string, string> {
  const told: Record<string, string> = {};
  if (event.kind === "syscall") told.result = side.plain(event.result);
  if (event.kind === "instruction" && !CLOCKS.has(event.name))
    told.result = event.after.slice(0, RIP).join(" ");
  if (event.kind === "registers") told.result = event.after.join(" ");
  if (event.kind === "syscall" || event.kind === "memory" || event.kind === "file") {
    told.memory = event.writes
      .map(({ address, bytes }) => `${address} ${bytes.length} ${Bun.hash.wyhash(bytes)}`)
      .join(" ");
  }
  return told;
}

function differing(a: Record<string, string>, b: Record<string, string>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => a[key] !== b[key]);
}

function described(found: Indexed | undefined): Difference["a"] {
  return found && { event: found[0], line: formatEvent(found[1], found[0]), task: found[1].task };
}

/**
 * Compares two recordings.
 *
 * @throws {TraceError} If one is damaged.
 */
export function traceDifference(first: string, second: string): TraceDifference {
  const [a, b] = [new Side(first), new Side(second)];
  const found: TraceDifference = { common: 0 };
  try {
    for (;;) {
      const [one, other] = [a.next(), b.next()];
      if (one === undefined && other === undefined) return found;
      const difference = (what: string[]): Difference => {
        const [left, right] = [described(one), described(other)];
        return { ...(left && { a: left }), ...(right && { b: right }), what };
      };
      const way = one && other ? differing(wayOf(one[1], a), wayOf(other[1], b)) : ["length"];
      if (one === undefined || other === undefined || way.length > 0) {
        return { ...found, way: difference(way) };
      }
      found.common++;
      const told = differing(toldBy(one[1], a), toldBy(other[1], b));
      if (told.length > 0) found.told ??= difference(told);
      if (
        one[1].kind === "syscall" &&
        other[1].kind === "syscall" &&
        one[1].outputHash !== other[1].outputHash
      )
        found.output ??= difference(["output"]);
    }
  } finally {
    a.close();
    b.close();
  }
}
