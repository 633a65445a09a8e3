/** Findings that follow from those of other probes. */
import type { Capabilities, Finding } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

/**
 * `yes` if all findings are as they must be, `no` if one is not, `unknown` if one is not known.
 *
 * @param needed Names, and the states that they must be in.
 * @param found Findings; those that are missing count as unknown.
 */
export function allOf(needed: Readonly<Record<string, "yes" | "no">>, found: Capabilities): Finding {
  let open: string | undefined;
  for (const [name, state] of Object.entries(needed)) {
    const finding = found.get(name);
    if (finding === undefined || finding.state === "unknown") open ??= `${name} is not known`;
    else if (finding.state !== state) return no(`${name}: ${finding.evidence}`);
  }
  if (open !== undefined) return unknown(open);
  return yes(
    Object.keys(needed)
      .map((name) => `${name}: ${found.get(name)?.evidence}`)
      .join("; "),
  );
}
