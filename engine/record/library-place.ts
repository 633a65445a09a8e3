/**
 * Where libraries are mapped: a program that leaves the place to the kernel gets one that follows from the file, so that
 * the same library is at the same place in all programs, and its translations are of use for all of them.
 */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { MAP, PROT } from "../../ffi/mod.ts";
import { uses } from "../optimisations.ts";
import type { Tracer } from "../tracee/tracer.ts";
import type { Call } from "./call.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** Flags with which the place is not, or not only, the kernel's choice. */
const PLACED = MAP.FIXED | MAP.FIXED_NOREPLACE | MAP.ANONYMOUS | MAP.SHARED | MAP["32BIT"];
const ELF = Buffer.from("\x7fELF", "latin1");

/** Asks the kernel for another place, if a call (mmap, at its entry) maps a library as a whole. */
export function placeLibrary(tracer: Tracer, task: RecordedTask, call: Call): void {
  const [address, length, protection, flags, fd, offset] = [0, 1, 2, 3, 4, 5].map((i) => call.argument(i));
  if (address !== 0 || offset !== 0 || length === 0 || !uses("placed")) return;
  if ((flags! & PLACED) !== 0 || (protection! & (PROT.READ | PROT.WRITE)) !== PROT.READ) return;
  const identity = libraryIdentity(`/proc/${task.tid}/fd/${fd! % 2 ** 32}`);
  if (identity === undefined) return;
  const place = tracer.mapper.libraryPlace(task, identity, length!);
  if (place !== undefined) call.change(task, 0, place);
}

/** What tells the file of a library from all others; undefined for any other file. */
function libraryIdentity(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    // It can't be read, or is none at all: the kernel decides.
    return undefined;
  }
  try {
    const stat = fstatSync(fd);
    const start = Buffer.alloc(ELF.length);
    if (!stat.isFile() || readSync(fd, start, 0, ELF.length, 0) < ELF.length || !start.equals(ELF))
      return undefined;
    return [stat.dev, stat.ino, stat.size, stat.mtimeMs].join(" ");
  } finally {
    closeSync(fd);
  }
}
