/** What the probes of rr share: finding it, and making one line of what it says. */
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
