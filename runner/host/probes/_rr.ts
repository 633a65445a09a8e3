/** What the probes of rr share: finding it, and making one line of what it says. */
import { NEWEST_RELEASE, type RrRelease } from "../rr-processors.ts";
import { releaseOf } from "../rr-versions.ts";
import type { Execution, Finding, Host } from "../types.ts";
import { NOT_DESCRIBED, no } from "./_finding.ts";

/** Where rr is, or why that is not known. */
export function findRr(host: Host): { readonly path: string } | Finding {
  const path = host.findProgram("rr");
  if (path === undefined) return NOT_DESCRIBED;
  return path === null ? no("there is no rr: neither in PATH nor named by TICKPROOF_RR") : { path };
}

/**
 * The reason that rr gives for its end, without its bookkeeping: "[FATAL ./src/PerfCounters.cc:306:start_counter()]
 * Unable to open …" becomes "Unable to open …".
 */
export function rrReason({ stderr, exitCode }: Execution): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const fatal = lines.findIndex((line) => line.startsWith("[FATAL"));
  const told = fatal < 0 ? lines : lines.slice(fatal);
  // The message may stand on the line behind the place in rr's source.
  const reason = told.map((line) => line.replace(/^\[[^\]]*\]\s*/, "")).find((line) => line !== "");
  return reason ?? (exitCode === undefined ? "it did not end in time" : `exit code ${exitCode}`);
}

/** What the version of rr is that a probe goes by, for its record. */
export const RR_VERSION = `the installed rr's version (${NEWEST_RELEASE} where there is none)`;

/** The version in what `rr --version` says; undefined where it says none. */
export function versionIn({ stdout }: Execution): string | undefined {
  return /\d+(?:\.\d+)+\S*/.exec(stdout)?.[0];
}

/** The release whose knowledge counts on a host, and how to call the rr that it is of. */
export function rrRelease(host: Host): { readonly release: RrRelease; readonly version: string } {
  const found = findRr(host);
  const execution = "path" in found ? host.execute([found.path, "--version"]) : undefined;
  const version = execution && versionIn(execution);
  if (version === undefined)
    return { release: NEWEST_RELEASE, version: `rr ${NEWEST_RELEASE}, the newest release,` };
  return { release: releaseOf(version) ?? "5.6.0", version: `rr ${version}` };
}
