/** An event as an object for one line of JSON: what `tickproof dump --json` prints. */
import { signalName, syscallName } from "../../ffi/mod.ts";
import { namedRegisters } from "../arch/x86_64/registers.ts";
import { errorName, formatStatus, hex, syscallArguments } from "./dump-values.ts";
import type { MappingRecord, MemoryWrite, Registers, SingleEvent } from "./events.ts";

/** Bytes of a memory write that are shown. */
const SHOWN_BYTES = 32;

/** A value that JSON can hold. */
export type Json = string | number | boolean | Json[] | { [key: string]: Json };

/**
 * An event as an object for one line of JSON. Addresses, registers and hashes are hex texts; memory writes are
 * `{address, length, hex}` with the first bytes only.
 *
 * @param index Its place in the trace, counted from 0.
 */
export function eventToJson(event: SingleEvent, index: number): { [key: string]: Json } {
  const { kind, task, ticks, registers } = event;
  return { index, kind, task, ticks, registers: registersToJson(registers), ...bodyToJson(event) };
}

function bodyToJson(event: SingleEvent): { [key: string]: Json } {
  switch (event.kind) {
    case "exec":
      return {
        path: event.path,
        brk: hex(event.brk),
        mappings: event.mappings.map(mappingToJson),
        writes: event.writes.map(writeToJson),
      };
    case "syscall": {
      const error = errorName(event.result);
      return {
        number: event.number,
        name: syscallName(event.number),
        args: syscallArguments(event.number, event.registers),
        result: bigToJson(event.result),
        ...(error === undefined ? {} : { error }),
        ...(event.stream === 0 ? {} : { stream: event.stream, outputHash: hex(event.outputHash) }),
        ...(event.mapping === undefined ? {} : { mapping: mappingToJson(event.mapping) }),
        ...(event.withheld && { withheld: true }),
        writes: event.writes.map(writeToJson),
      };
    }
    case "signal":
      return {
        point: event.point,
        jumps: event.jumps,
        signal: event.signal,
        name: signalName(event.signal),
        disposition: event.disposition,
        siginfo: Buffer.from(event.siginfo).toString("hex"),
        after: registersToJson(event.after),
        writes: event.writes.map(writeToJson),
      };
    case "registers":
      return {
        point: event.point,
        jumps: event.jumps,
        after: registersToJson(event.after),
        vectors: Buffer.from(event.vectors).toString("hex"),
      };
    case "switch":
      return { point: event.point, jumps: event.jumps, ...(event.steps && { steps: { ...event.steps } }) };
    case "instruction":
      return {
        name: event.name,
        after: registersToJson(event.after),
        writes: event.writes.map(writeToJson),
      };
    case "clone":
      return {
        child: event.child,
        childProcess: event.childProcess,
        flags: hex(event.flags),
        after: registersToJson(event.after),
        writes: event.writes.map(writeToJson),
      };
    case "exit":
      return {
        status: event.status,
        meaning: formatStatus(event.status),
        writes: event.writes.map(writeToJson),
      };
    case "checksum":
      return {
        sums: event.sums.map(({ start, end, sum }) => ({ start: hex(start), end: hex(end), sum: hex(sum) })),
      };
    case "memory":
      return { writes: event.writes.map(writeToJson) };
    case "file":
      return { file: event.file, size: event.size, writes: event.writes.map(writeToJson) };
    case "note":
      return { text: event.text };
    case "end":
      return { reason: event.reason, status: event.status, message: event.message };
  }
}

function mappingToJson({ start, end, protection, shared, file, offset, name }: MappingRecord): Json {
  return { start: hex(start), end: hex(end), protection, shared, file, offset, name };
}

function writeToJson({ address, bytes }: MemoryWrite): Json {
  return {
    address: hex(address),
    length: bytes.length,
    hex: Buffer.from(bytes.subarray(0, SHOWN_BYTES)).toString("hex"),
  };
}

function registersToJson(registers: Registers): Json {
  return Object.fromEntries(namedRegisters(registers).map(([name, value]) => [name, hex(value)]));
}

/** A number where that is exact, else hex. */
function bigToJson(value: bigint): Json {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : hex(BigInt.asUintN(64, value));
}
