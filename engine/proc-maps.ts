/** /proc/PID/maps, taken apart. */
import { readFileSync } from "node:fs";
import { PROT } from "../ffi/mod.ts";

/** One line of /proc/PID/maps (proc(5)). */
export interface MapsLine {
  start: number;
  end: number;
  protection: number;
  shared: boolean;
  offset: number;
  inode: string;
  name: string;
}

const MAPS_LINE = /^([0-9a-f]+)-([0-9a-f]+) ([r-])([w-])([x-])([sp]) ([0-9a-f]+) \S+ (\d+)\s*(.*)$/;

/** The mappings of a task's address space as the kernel knows them. */
export function readMaps(tid: number): MapsLine[] {
  return readFileSync(`/proc/${tid}/maps`, "utf8")
    .split("\n")
    .map((line) => MAPS_LINE.exec(line))
    .filter((match) => match !== null)
    .map((match) => ({
      start: Number.parseInt(match[1]!, 16),
      end: Number.parseInt(match[2]!, 16),
      protection:
        (match[3] === "r" ? PROT.READ : 0) |
        (match[4] === "w" ? PROT.WRITE : 0) |
        (match[5] === "x" ? PROT.EXEC : 0),
      shared: match[6] === "s",
      offset: Number.parseInt(match[7]!, 16),
      inode: match[8]!,
      name: match[9]!,
    }));
}
