import type { Probe } from "../types.ts";
import { NOT_DESCRIBED, no, yes } from "./_finding.ts";

/** Suites come as C sources; recording programs that are there already needs no compiler. */
export const compiler: Probe = {
  name: "compiler",
  title: "programs of the suites can be compiled",
  kind: "good",
  measures: "$CC, gcc, clang or cc --version",
  threshold: "one runs",
  source: "docs/architecture.md",
  gates: { engines: [], tests: [] },
  remedy: "apt-get install gcc libc6-dev",
  run(host) {
    const found = host.compiler();
    if (found === undefined) return NOT_DESCRIBED;
    return "identity" in found ? yes(found.identity) : no(found.missing);
  },
};
