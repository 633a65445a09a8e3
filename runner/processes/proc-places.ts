/** Where the threads of a process tree are, as proc(5) tells: of programs that run by themselves, and hang. */
import { closeSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { returnAddresses, STACK_BYTES } from "../../engine/arch/x86_64/return-addresses.ts";
import type { CodePlace, TaskPlace } from "../../engine/mod.ts";
import { type MapsLine, readMaps } from "../../engine/proc-maps.ts";
import { PROT, syscallName } from "../../ffi/mod.ts";
import { descendants } from "./process-tree.ts";

/** Places of a process and all below it; those are missing that ended meanwhile, or may not be looked at. */
export function processPlaces(pid: number): TaskPlace[] {
  return [pid, ...descendants(pid)].flatMap((process) => {
    try {
      return placesOf(process);
    } catch {
      return []; // it ended meanwhile, or has other rights than this process
    }
  });
}

function placesOf(process: number): TaskPlace[] {
  const areas = readMaps(process);
  const memory = openSync(`/proc/${process}/mem`, "r");
  const read = (address: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(length);
    try {
      return bytes.subarray(0, readSync(memory, bytes, 0, length, address));
    } catch {
      return bytes.subarray(0, 0); // nothing is mapped there
    }
  };
  const executable = (address: number) => ((areaOf(areas, address)?.protection ?? 0) & PROT.EXEC) !== 0;
  try {
    return readdirSync(`/proc/${process}/task`).map((tid): TaskPlace => {
      const task = Number(tid);
      // "running", or the call's number (-1 for none), its arguments, the stack pointer and the pc.
      const words = readFileSync(`/proc/${process}/task/${tid}/syscall`, "utf8").trim().split(" ");
      if (words.length < 3) return { task, process, state: "ready", at: { pc: "unknown" }, callers: [] };
      const [number, rsp, pc] = [words[0], words.at(-2), words.at(-1)].map(Number) as [
        number,
        number,
        number,
      ];
      const callers = returnAddresses(read(rsp, STACK_BYTES), { executable, read });
      return {
        task,
        process,
        state: number >= 0 ? "blocked" : "ready",
        at: codePlace(areas, pc),
        ...(number >= 0 && { syscall: syscallName(number) }),
        callers: callers.map((address) => codePlace(areas, address)),
      };
    });
  } finally {
    closeSync(memory);
  }
}

/** What an address lies in. */
function areaOf(areas: readonly MapsLine[], address: number): MapsLine | undefined {
  return areas.find(({ start, end }) => start <= address && address < end);
}

function codePlace(areas: readonly MapsLine[], address: number): CodePlace {
  const pc = `0x${address.toString(16)}`;
  const area = areaOf(areas, address);
  if (area === undefined || !area.name.startsWith("/")) return { pc };
  return { pc, path: area.name, offset: area.offset + (address - area.start) };
}
