/** A moment of a recording, and how its variables changed: what a script asks of them, a command in a process of its own answers. */
import { UsageError } from "../errors/mod.ts";
import type { SignalName } from "./send.ts";

/** Which moment: an event that is still to come, a tick of the first thread, the last signal of that name. */
export type MomentPlace =
  | "start"
  | "end"
  | "failure"
  | { readonly event: number }
  | { readonly tick: number }
  | { readonly signal: SignalName };

/** A frame of a stack. */
export interface StackFrame {
  /** "0x55555555518c" */
  readonly pc: string;
  readonly function?: string;
  /** Source file and line, from 1, where debug information has them. */
  readonly file?: string;
  readonly line?: number;
}

/** One write to what a script watches. */
export interface WatchedWrite {
  /** How many events are behind it. */
  readonly event: number;
  readonly task: number;
  readonly ticks: number;
  /** The bytes in front of it and behind it. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** The task that writes; a system call's result is written where that is made. */
  readonly frames: readonly StackFrame[];
}

/** Asks a command about the recording. */
export type Ask = (words: readonly string[]) => Promise<unknown>;

/** A place as `--at` takes it. */
function placeWord(place: MomentPlace): string {
  if (typeof place === "string") return place;
  if ("event" in place) return wholeNumber("event", place.event);
  if ("tick" in place) return `tick:${wholeNumber("tick", place.tick)}`;
  return `signal:${place.signal}`;
}

function wholeNumber(what: string, value: number): string {
  if (Number.isSafeInteger(value) && value >= 0) return String(value);
  throw new RangeError(
    `Cannot go to a moment as '${what}' must be a whole number from 0 on: current value is ${value}`,
  );
}

/** A moment of a recording, in its first process. Each question replays to it. */
export class Moment {
  readonly #ask: Ask;
  readonly #at: string;

  /** @internal */
  constructor(ask: Ask, place: MomentPlace) {
    this.#ask = ask;
    this.#at = placeWord(place);
  }

  /** Registers of the thread that the moment is about, by their names: `rip`, `rax`, `fs_base`. */
  async registers(): Promise<Readonly<Record<string, bigint>>> {
    const { tasks } = (await this.#state([])) as { tasks: { registers: Record<string, string> }[] };
    return Object.fromEntries(
      Object.entries(tasks[0]?.registers ?? {}).map(([name, value]) => [name, BigInt(value)]),
    );
  }

  /**
   * Memory of the process.
   *
   * @returns Fewer bytes where unmapped memory begins before so many.
   */
  async memory(address: number | bigint, length: number): Promise<Uint8Array> {
    const { memory } = (await this.#state([`0x${address.toString(16)}:${length}`])) as { memory: string[] };
    return Uint8Array.from(Buffer.from(memory[0] ?? "", "hex"));
  }

  #state(pieces: readonly string[]): Promise<unknown> {
    return this.#ask(["state", "--json", "--at", this.#at, "", ...pieces]);
  }

  /** The stack of the thread that the moment is about, the innermost frame first. */
  async backtrace(): Promise<StackFrame[]> {
    const { tasks } = (await this.#ask(["backtrace", "--json", "--at", this.#at, ""])) as {
      tasks: { frames: Frame[] }[];
    };
    return (tasks[0]?.frames ?? []).map(frameOf);
  }

  /**
   * The value of an expression in the innermost frame, as gdb shows it: "-1", "{length = 3}".
   *
   * @throws {UsageError} If there is no gdb, or the expression has no value there: the message says why.
   */
  async evaluate(expression: string): Promise<string> {
    const { values } = (await this.#ask(["print", "--json", "--at", this.#at, "", expression])) as {
      values: { value?: string; error?: string }[];
    };
    const [found] = values;
    if (found?.value === undefined) throw new UsageError(`'${expression}' has no value: ${found?.error}`);
    return found.value;
  }

  /** What lies at an address: "drain+12"; undefined where no symbol is known. */
  async symbol(address: number | bigint): Promise<string | undefined> {
    return /<([^>]*)>/.exec(await this.evaluate(`(void *) 0x${address.toString(16)}`))?.[1];
  }
}

/** As `backtrace` and `why` have it. */
interface Frame {
  pc: string;
  place?: { symbol?: string; file?: string; line?: number };
}

function frameOf({ pc, place: { symbol, file, line } = {} }: Frame): StackFrame {
  return {
    pc,
    ...(symbol !== undefined && { function: symbol }),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line }),
  };
}

/** Most writes that are told of. */
const MOST_WRITES = 1000;

/** The writes to a variable, in their order. @internal */
export async function writesTo(ask: Ask, expression: string, place: MomentPlace): Promise<WatchedWrite[]> {
  const words = ["why", "--json", "--count", String(MOST_WRITES), "--at", placeWord(place), "", expression];
  const { writes } = (await ask(words)) as {
    writes: { event: number; task: number; ticks: number; before: string; after: string; frames: Frame[] }[];
  };
  const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
  return writes.toReversed().map(({ event, task, ticks, before, after, frames }) => ({
    event,
    task,
    ticks,
    before: bytes(before),
    after: bytes(after),
    frames: frames.map(frameOf),
  }));
}
