/** Findings in short. */
import type { Finding, Numbers } from "../types.ts";

function finding(state: Finding["state"], evidence: string, numbers?: Numbers): Finding {
  return { state, evidence, ...(numbers && { numbers }) };
}

export const yes = (evidence: string, numbers?: Numbers): Finding => finding("yes", evidence, numbers);
export const no = (evidence: string, numbers?: Numbers): Finding => finding("no", evidence, numbers);
export const unknown = (evidence: string): Finding => ({ state: "unknown", evidence });

/** What isn't told of a described host. */
export const NOT_DESCRIBED: Finding = unknown("a described host doesn't tell");
