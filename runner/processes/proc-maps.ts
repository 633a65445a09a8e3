/** What is mapped in the memory of a process, as proc_pid_maps(5) tells. */
import { readFileSync } from "node:fs";

/** A mapped area. */
export interface Area {
  start: number;
  end: number;
  executable: boolean;
  offset: number;
  path: string;
}

/** The areas of a process, from lines of maps: "start-end perms offset dev inode path". */
export function areasOf(process: number): Area[] {
  const lines = readFileSync(`/proc/${process}/maps`, "utf8").split("\n");
  return lines.flatMap((line) => {
    const [, start, end, executable, offset, path = ""] =
      /^([0-9a-f]+)-([0-9a-f]+) ..(.). ([0-9a-f]+) \S+ \d+ *(.*)$/.exec(line) ?? [];
    if (start === undefined || end === undefined || offset === undefined) return [];
    const [from, to, at] = [start, end, offset].map((digits) => Number.parseInt(digits, 16)) as [
      number,
      number,
      number,
    ];
    return [{ start: from, end: to, executable: executable === "x", offset: at, path }];
  });
}

/** The area that an address lies in. */
export function areaOf(areas: readonly Area[], address: number): Area | undefined {
  return areas.find(({ start, end }) => start <= address && address < end);
}
