/** What counters must know of a host besides its system calls: its processor, and its files of facts. */

import { readdirSync, readFileSync } from "node:fs";
import { type CpuidResult, cpuid } from "../processor/mod.ts";

/** A host that can be asked, this one or a described one. */
export interface HostFacts {
  /** Zeros where the architecture has no such instruction. */
  cpuid(leaf: number, subleaf?: number): CpuidResult;
  /** Contents of a file of `/proc` or `/sys`; undefined where there is none or it can't be read. */
  readFile(path: string): string | undefined;
  /** Names in a directory of such files; undefined likewise. */
  readDirectory(path: string): readonly string[] | undefined;
}

/** The result, or undefined where the file system refused. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return undefined;
    throw error;
  }
}

/** This host. */
export const liveFacts: HostFacts = {
  cpuid,
  readFile: (path) => unlessRefused(() => readFileSync(path, "utf8")),
  readDirectory: (path) => unlessRefused(() => readdirSync(path)),
};
