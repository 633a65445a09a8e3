/** An event as one line of text for people: what `tickproof dump` prints. */
import { oneLine, signalName, syscallName } from "../../ffi/mod.ts";
import { changedRegisters, pcOf } from "../arch/x86_64/registers.ts";
import { errorName, formatStatus, hex, syscallArguments } from "./dump-values.ts";
import type { MappingRecord, MemoryWrite, Registers, SingleEvent, Steps } from "./events.ts";

/**
 * One line of text for an event.
 *
 * @param index Its place in the trace, counted from 0.
 *
 * @example
 * ```ts
 * formatEvent(event, 7); // "7 task 100 ticks 1234 pc 0x401000: close(0x3) = 0"
 * ```
 */
export function formatEvent(event: SingleEvent, index: number): string {
  const pc = hex(pcOf(event.registers));
  return `${index} task ${event.task} ticks ${event.ticks} pc ${pc}: ${oneLine(describe(event))}`;
}

function describe(event: SingleEvent): string {
  switch (event.kind) {
    case "exec":
      return `exec ${event.path}, ${event.mappings.length} mappings, brk ${hex(event.brk)}${formatWrites(event.writes)}`;
    case "syscall":
      return formatSyscall(event);
    case "signal":
      return `signal ${signalName(event.signal)} at ${formatPoint(event)}, ${event.disposition}${
        event.disposition === "handler" ? ` at ${hex(pcOf(event.after))}` : ""
      }${formatWrites(event.writes)}`;
    case "registers":
      return `registers set at ${formatPoint(event)}, pc ${hex(pcOf(event.after))}${formatChanges(event.registers, event.after)}${
        event.vectors.length > 0 ? ", vector state too" : ""
      }`;
    case "switch":
      return `switch at ${formatPoint(event)}`;
    case "instruction":
      return `instruction ${event.name}${formatChanges(event.registers, event.after)}${formatWrites(event.writes)}`;
    case "clone":
      return `clone flags ${hex(event.flags)}: task ${event.child} of process ${event.childProcess}${formatWrites(event.writes)}`;
    case "exit":
      return `exit, ${formatStatus(event.status)}${formatWrites(event.writes)}`;
    case "checksum":
      return `checksum of ${event.sums.length} pieces of memory`;
    case "memory":
      return `memory changed from outside${formatWrites(event.writes)}`;
    case "file":
      return `file ${event.file} changed, ${event.size} bytes long${formatWrites(event.writes)}`;
    case "note":
      return `note: ${event.text}`;
    case "end":
      return `end, ${event.reason === "exited" ? formatStatus(event.status) : event.reason}${
        event.message === "" ? "" : `: ${event.message}`
      }`;
  }
}

function formatSyscall(event: Extract<SingleEvent, { kind: "syscall" }>): string {
  const { number, registers, result, stream, mapping, writes, withheld } = event;
  const args = syscallArguments(number, registers);
  const output = stream === 0 ? "" : stream === 1 ? ", to stdout" : ", to stderr";
  const mapped = mapping === undefined ? "" : `, maps ${formatMapping(mapping)}`;
  const kept = withheld ? ", withheld by a filter" : "";
  return `${syscallName(number)}(${args.join(", ")}) = ${formatResult(result)}${kept}${output}${mapped}${formatWrites(writes)}`;
}

function formatResult(result: bigint): string {
  const error = errorName(result);
  if (error !== undefined) return `${result} ${error}`;
  // Small results are counts and descriptors; large ones are addresses.
  return result >= 0n && result < 0x10000n ? `${result}` : hex(BigInt.asUintN(64, result));
}

function formatPoint({ point, jumps, steps }: { point: string; jumps: number; steps?: Steps }): string {
  if (steps !== undefined) return `${steps.count} steps from tick ${steps.from}`;
  return point === "jump" ? `jump ${jumps}` : point;
}

function formatMapping({ start, end, file, offset, name }: MappingRecord): string {
  const from = file < 0 ? "" : ` file ${file} offset ${hex(offset)}`;
  return `${hex(start)}-${hex(end)}${from}${name === "" ? "" : ` ${name}`}`;
}

function formatWrites(writes: MemoryWrite[]): string {
  if (writes.length === 0) return "";
  return `, writes ${writes.map(({ address, bytes }) => `${bytes.length} at ${hex(address)}`).join(", ")}`;
}

function formatChanges(before: Registers, after: Registers): string {
  return changedRegisters(before, after)
    .map(([name, value]) => ` ${name}=${hex(value)}`)
    .join("");
}
