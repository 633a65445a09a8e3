/** The processes of a recording, and which of them ended badly: where to look first when a whole test suite fails. */
import { type ExecEvent, type TraceEvent, TraceReader } from "../../engine/trace/mod.ts";
import type { Exit } from "../outcome/mod.ts";
import { signalNumber } from "../text/mod.ts";

/** A process that did not end with exit code 0. */
export interface FailedProcess {
  pid: number;
  /** Words of its command, as far as its trace tells. */
  command: readonly string[];
  exit: Exit;
}

/** Index of rsp among the registers of an event (engine/trace/events.ts). */
const RSP = 7;
const WORD = 8;
/** Most words of a command that are read: enough to tell one process from another. */
const MOST_WORDS = 64;

/** Reads memory as an exec event has it. */
class StartMemory {
  readonly #event: ExecEvent;

  constructor(event: ExecEvent) {
    this.#event = event;
  }

  /** The bytes from an address to the end of what the event has there; none if it has nothing. */
  from(address: number): Uint8Array {
    const write = this.#event.writes.find(
      (found) => found.address <= address && address < found.address + found.bytes.length,
    );
    return write === undefined ? new Uint8Array() : write.bytes.subarray(address - write.address);
  }

  word(address: number): number {
    const bytes = this.from(address);
    return bytes.length < WORD ? 0 : Number(Buffer.from(bytes).readBigUInt64LE(0));
  }

  text(address: number): string {
    const bytes = Buffer.from(this.from(address));
    const end = bytes.indexOf(0);
    return bytes.subarray(0, end < 0 ? bytes.length : end).toString();
  }
}

/** The words that a program was started with: argc and argv lie where its stack pointer points (System V ABI, 3.4.1). */
function commandOf(event: ExecEvent): string[] {
  const memory = new StartMemory(event);
  const stack = Number(event.registers[RSP] ?? 0n);
  const count = Math.min(memory.word(stack), MOST_WORDS);
  const words = Array.from({ length: count }, (_, index) =>
    memory.text(memory.word(stack + WORD * (index + 1))),
  );
  return words.length === 0 ? [event.path] : words;
}

/** Signals by which a program crashes; others are sent by somebody, such as a pool that ends its workers. */
const CRASHES: ReadonlySet<number> = new Set(
  ["SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV", "SIGSYS", "SIGTRAP"].flatMap(
    (name) => signalNumber(name) ?? [],
  ),
);

/** wait4(2): a status as WIFSIGNALED and WEXITSTATUS read it. */
function exitOf(status: number): Exit {
  const signal = status & 0x7f;
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal };
}

/** Follows processes through the events of a trace. */
class Processes {
  readonly #commands = new Map<number, readonly string[]>();
  readonly #processOf = new Map<number, number>();
  readonly failed: FailedProcess[] = [];

  add(event: TraceEvent): void {
    const pid = this.#processOf.get(event.task) ?? event.task;
    if (event.kind === "exec") this.#commands.set(pid, commandOf(event));
    if (event.kind === "clone") {
      this.#processOf.set(event.child, event.childProcess);
      if (event.childProcess === event.child) this.#commands.set(event.child, this.#commands.get(pid) ?? []);
    }
    if (event.kind !== "exit" || event.task !== pid) return;
    const exit = exitOf(event.status);
    if ("code" in exit && exit.code === 0) return;
    this.failed.push({ pid, command: this.#commands.get(pid) ?? [], exit });
  }
}

/**
 * Reads a whole trace and finds the processes that ended badly.
 *
 * @param directory Of the trace.
 * @returns Those that crashed first, then the others, both in the order in which they ended.
 * @throws {TraceError} If the trace is damaged.
 */
export function failedProcesses(directory: string): FailedProcess[] {
  const reader = TraceReader.open(directory);
  const processes = new Processes();
  try {
    for (let event = reader.next(); event !== undefined; event = reader.next()) processes.add(event);
  } finally {
    reader.close();
  }
  const crashed = ({ exit }: FailedProcess) => "signal" in exit && CRASHES.has(exit.signal);
  return [...processes.failed.filter(crashed), ...processes.failed.filter((found) => !crashed(found))];
}
