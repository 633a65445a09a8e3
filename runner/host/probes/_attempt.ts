/** Probes that try a system call for real. */
import type { Attempt, EngineName, Probe } from "../types.ts";
import { NOT_DESCRIBED, no, yes } from "./_finding.ts";

/** What differs from one such probe to the next. */
interface Tried {
  readonly name: Attempt;
  readonly title: string;
  /** What is tried. */
  readonly measures: string;
  readonly source: string;
  /** @default "good" */
  readonly kind?: "good" | "fact";
  readonly engines?: readonly EngineName[];
  readonly limits?: readonly EngineName[];
  readonly remedy: string;
  readonly needs?: Readonly<Record<string, "yes">>;
}

/** A probe that is `yes` where the attempt of its name works. */
export function tried({ name, engines = [], limits = [], kind = "good", ...told }: Tried): Probe {
  return {
    name,
    kind,
    threshold: "it works",
    gates: { engines, limits, tests: [] },
    ...told,
    run(host) {
      const attempted = host.attempt(name);
      if (attempted === undefined) return NOT_DESCRIBED;
      return attempted.works ? yes("tried: works") : no(`${attempted.call}: ${attempted.code}`);
    },
  };
}
