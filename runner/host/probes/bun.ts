import { engines } from "../../../package.json" with { type: "json" };
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** bun:ffi is experimental: its calls have changed between versions. */
export const bun: Probe = {
  name: "bun",
  title: "Bun is of a version that is known to work",
  kind: "good",
  measures: "Bun.version of this process",
  threshold: engines.bun,
  source: "package.json, engines",
  gates: { engines: ["embedded"], tests: [] },
  remedy: "npm ci (Bun comes with the packages), or bun upgrade",
  run: () => {
    const evidence = `Bun ${Bun.version}`;
    return Bun.semver.satisfies(Bun.version, engines.bun) ? yes(evidence) : no(evidence);
  },
};
