/** The release of the kernel that programs on the host see. */
import type { Host } from "../types.ts";

/** "6.1.0-18-amd64". */
export function osRelease(host: Host): string | undefined {
  return host.readFile("/proc/sys/kernel/osrelease")?.trim() || undefined;
}

/** Major and minor of a release, comparable as one number: 6.1 is 6001. */
export function releaseNumber(release: string): number | undefined {
  const match = /^(\d+)\.(\d+)/.exec(release);
  return match ? Number(match[1]) * 1000 + Number(match[2]) : undefined;
}

/** Whether the kernel is that release or a later one; undefined where it is not told. */
export function kernelIsAtLeast(host: Host, [major, minor]: readonly [number, number]): boolean | undefined {
  const number = releaseNumber(osRelease(host) ?? "");
  return number === undefined ? undefined : number >= major * 1000 + minor;
}
