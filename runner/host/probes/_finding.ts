/** Findings in short. */
import type { Finding } from "../types.ts";

export const yes = (evidence: string): Finding => ({ state: "yes", evidence });
export const no = (evidence: string): Finding => ({ state: "no", evidence });
export const unknown = (evidence: string): Finding => ({ state: "unknown", evidence });

/** What isn't told of a described host. */
export const NOT_DESCRIBED: Finding = unknown("a described host doesn't tell");
