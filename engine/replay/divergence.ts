/** A replay that does not do what the recording did. */
import { signalName, syscallName } from "../../ffi/mod.ts";
import { comparedBits, namedRegisters, pcOf, REGISTER_NAMES } from "../arch/x86_64/registers.ts";
import type { Registers, TraceEvent } from "../trace/events.ts";
import type { Stop } from "../tracee/tracer.ts";

/** How far a task had come, and with which registers. */
export interface Progress {
  ticks: number;
  /** By name, as hexadecimal texts ("0x7ffff7ed9e65"), which JSON can hold. */
  registers: Record<string, string>;
}

/** What a recording and a replay say of the same event. */
export interface Difference {
  task: number;
  /** The system call, the signal, or the event's kind. */
  name: string;
  expected: Progress;
  found: Progress;
}

/** Raised where recording and replay differ; the message is for the user. */
export class Divergence extends Error {
  /**
   * @param difference Where the task got to the event: how it differed there.
   */
  constructor(
    readonly index: number,
    message: string,
    readonly difference?: Difference,
  ) {
    super(message);
  }
}

function progress(ticks: number, registers: Registers): Progress {
  return {
    ticks,
    registers: Object.fromEntries(namedRegisters(registers).map(([name, value]) => [name, hex(value)])),
  };
}

/** What an event is called in messages: the system call, the signal, or its kind. */
export function eventName(event: TraceEvent): string {
  switch (event.kind) {
    case "syscall":
      return syscallName(event.number);
    case "signal":
      return signalName(event.signal);
    case "instruction":
      return event.name;
    default:
      return event.kind;
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

/** What a task has done instead of coming to its event. @param call The system call that it is in, if it has stopped at one. */
export function elsewhere(stop: Stop, call: number): string {
  switch (stop.kind) {
    case "poll":
      return `stopped by the ${stop.trap.counter} counter`;
    case "syscall":
      return `the program came to the system call ${syscallName(call)} instead`;
    case "signal":
      return `the program got ${signalName(stop.info.signal)} instead`;
    case "instruction":
      return `the program came to ${stop.trap.name} instead`;
    case "step":
      return "the program single-stepped instead";
    default:
      return `the program stopped by ${stop.kind}`;
  }
}

/** Whether registers agree in all that a replay has to. */
export function isSame(found: Registers, expected: Registers): boolean {
  return found.every((value, i) => ((value ^ expected[i]!) & comparedBits(i)) === 0n);
}

/**
 * Compares a task with what an event says of it.
 *
 * @throws Divergence that names the first difference: ticks before registers.
 */
export function compare(event: TraceEvent, index: number, ticks: number, found: Registers): void {
  const where = `event ${index} (${eventName(event)})`;
  const difference = (): Difference => ({
    task: event.task,
    name: eventName(event),
    expected: progress(event.ticks, event.registers),
    found: progress(ticks, found),
  });
  if (ticks !== event.ticks) {
    throw new Divergence(
      index,
      `ticks mismatch at ${where}: expected ${event.ticks}, got ${ticks} (task ${event.task}, pc ${hex(pcOf(found))})`,
      difference(),
    );
  }
  const differences: string[] = [];
  for (let i = 0; i < found.length; i++) {
    const mask = comparedBits(i);
    if ((found[i]! & mask) !== (event.registers[i]! & mask)) {
      differences.push(`${REGISTER_NAMES[i]} expected ${hex(event.registers[i]!)}, got ${hex(found[i]!)}`);
    }
  }
  if (differences.length > 0) {
    throw new Divergence(
      index,
      `registers mismatch at ${where}: ${differences.join("; ")} (task ${event.task}, ticks ${ticks}, pc ${hex(pcOf(found))})`,
      difference(),
    );
  }
}
