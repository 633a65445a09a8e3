/** The program's text at an address, as a trace has it: for listings of the place where something went wrong. */
import { closeSync, readSync } from "node:fs";
import type { MappingRecord, TraceEvent } from "./events.ts";
import { TraceReader } from "./reader.ts";

/** Bytes of a mapped file around an address. */
export interface TextBytes {
  bytes: Uint8Array;
  /** Address of the first of them. */
  address: number;
  /** The file that they are of, as the program saw it. */
  path: string;
  /** Offset of the first of them in that file. */
  offset: number;
}

/** Address spaces by process, as far as the events go: of mappings that overlap the last one is the right one. */
class Mappings {
  readonly #processOf = new Map<number, number>();
  readonly #lists = new Map<number, MappingRecord[]>();

  add(event: TraceEvent): void {
    const process = this.#process(event.task);
    if (event.kind === "exec") this.#lists.set(process, [...event.mappings]);
    if (event.kind === "syscall" && event.mapping !== undefined) this.#list(process).push(event.mapping);
    if (event.kind !== "clone") return;
    this.#processOf.set(event.child, event.childProcess);
    if (event.childProcess !== process) this.#lists.set(event.childProcess, [...this.#list(process)]);
  }

  find(task: number, address: number): MappingRecord | undefined {
    return this.#list(this.#process(task)).findLast(({ start, end }) => start <= address && address < end);
  }

  #process(task: number): number {
    return this.#processOf.get(task) ?? task;
  }

  #list(process: number): MappingRecord[] {
    const list = this.#lists.get(process) ?? [];
    this.#lists.set(process, list);
    return list;
  }
}

/**
 * Reads the text around an address, as it was mapped when an event happened.
 *
 * @param dir Folder of the trace.
 * @param place Index of the event, the task, and the address.
 * @param around Bytes that are wanted before the address, and from it on; fewer where the mapping ends.
 * @returns Undefined where no file is mapped at that address.
 * @throws {TraceError} If the trace is damaged.
 */
export function textAt(
  dir: string,
  place: { event: number; task: number; address: number },
  around: { before: number; after: number },
): TextBytes | undefined {
  const reader = TraceReader.open(dir);
  try {
    const mappings = new Mappings();
    while (reader.position < place.event) {
      const event = reader.next();
      if (event === undefined) break;
      mappings.add(event);
    }
    const mapping = mappings.find(place.task, place.address);
    if (mapping === undefined || mapping.file < 0) return undefined;
    const address = Math.max(mapping.start, place.address - around.before);
    const length = Math.min(mapping.end, place.address + around.after) - address;
    const offset = mapping.offset + (address - mapping.start);
    const bytes = readBytes(reader.openFile(mapping.file), offset, length);
    return { bytes, address, path: reader.files[mapping.file]?.path ?? mapping.name, offset };
  } finally {
    reader.close();
  }
}

/** Reads from a file, and closes it. */
function readBytes(file: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  try {
    return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
  } finally {
    closeSync(file);
  }
}
