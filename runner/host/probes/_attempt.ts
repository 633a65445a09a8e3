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
  readonly engines: readonly EngineName[];
  readonly limits?: readonly EngineName[];
  readonly remedy: string;
}

/** A probe that is `yes` where the attempt of its name works. */
export function tried({ name, title, measures, source, engines, limits = [], remedy }: Tried): Probe {
  return {
    name,
    title,
    kind: "good",
    measures,
    threshold: "it works",
    source,
    gates: { engines, limits, tests: [] },
    remedy,
    run(host) {
      const attempted = host.attempt(name);
      if (attempted === undefined) return NOT_DESCRIBED;
      return attempted.works ? yes("tried: works") : no(`${attempted.call}: ${attempted.code}`);
    },
  };
}
