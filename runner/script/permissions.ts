/** What a program under test may do, as scripts say it, and as the engine takes it. */
import type { Denial } from "../../engine/mod.ts";

/**
 * What a program under test may do. The engine answers EACCES to what it may not; what it was started with (standard
 * streams) stays usable.
 *
 * @example { net: false, write: "folder" }
 */
export interface Permissions {
  /** Whether it may open sockets that leave this machine, or ask the kernel of its network. @default true */
  net?: boolean;
  /** Whether it may change files: all that its user may, those below its working folder, or none. @default true */
  write?: boolean | "folder";
}

/** The option of `record` that holds a program to several permissions at once; no words where all is allowed. */
export function denyOption(...all: readonly (Permissions | undefined)[]): string[] {
  const denied = all.flatMap((given): Denial[] => [
    ...(given?.net === false ? (["net"] as const) : []),
    ...(given?.write === false ? (["write"] as const) : []),
    ...(given?.write === "folder" ? (["write-outside"] as const) : []),
  ]);
  return denied.length === 0 ? [] : ["--deny", [...new Set(denied)].join(",")];
}
