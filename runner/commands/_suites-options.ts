/** The options of `tickproof suites`: told to those who parse them and to those who act on them. */
import type { Values } from "../args/types.ts";
import { ENGINE_CHOICES } from "../results/mod.ts";
import { KEEP } from "../run/workspace.ts";
import { PROFILE_OPTION } from "../settings/mod.ts";

export const SUITES_OPTIONS = {
  filter: {
    kind: "text",
    value: "FILTER",
    help: "only tests that this means: a part of the id, a glob, /regex/, tag:NAME, with and, or, not, ( ); in quotes where a name has those",
  },
  failed: { kind: "flag", help: "only tests that failed in the last run" },
  shard: { kind: "text", value: "I/N", help: "only the I-th of N parts of the tests" },
  shuffle: { kind: "count", value: "SEED", bare: 0, help: "in an order by chance; the seed gives it again" },
  repeat: { kind: "count", value: "N", help: "run each test N times (default 1)" },
  "until-fail": {
    kind: "flag",
    help: "run the tests again and again until one fails, --repeat times at most",
  },
  retry: {
    kind: "count",
    value: "N",
    help: "try a failed test again, N times at most; it is flaky if it passes",
  },
  "fail-fast": {
    kind: "count",
    value: "N",
    bare: 1,
    help: "begin nothing more once N tests (default 1) have failed",
  },
  timeout: {
    kind: "count",
    value: "SECONDS",
    help: "for each phase of each test, instead of what manifests say",
  },
  engine: {
    kind: "text",
    value: "ENGINE",
    choices: ENGINE_CHOICES,
    help: "embedded, rr, or auto: rr where it works and is fit for the test (default: as the manifest says)",
  },
  force: {
    kind: "flag",
    help: "run what is not supported here too, under the guard for branches in transactions (IN_TX)",
  },
  host: {
    kind: "text",
    value: "NAME|FILE",
    help: "run nothing; show what would happen on a described host",
  },
  "dry-run": { kind: "flag", help: "run nothing; show what would happen on this host, and why" },
  jobs: { kind: "count", value: "N", help: "tests at a time (default: one per core)" },
  keep: { kind: "text", value: "WHICH", choices: KEEP, help: "traces to keep: failed (default), all, none" },
  list: { kind: "flag", help: "run nothing; show which tests there are (with --json for programs)" },
  reporter: {
    kind: "text",
    value: "LIST",
    help: "pretty (default), dot, tap, ktap, junit, json, jsonl, github; several with commas, each to a FILE by name:FILE",
  },
  json: { kind: "flag", help: "the same as --reporter json" },
  require: {
    kind: "text",
    value: "NAMES",
    help: "fail where all tests are skipped that an engine or a capability of these is needed for: rr,pmu",
  },
  "known-failures": {
    kind: "text",
    value: "FILE",
    help: "tests that are known to fail, an id a line with '# reason'; what passes is taken out of it",
  },
  "update-known-failures": { kind: "flag", help: "add what fails to the file of known failures" },
  catch: {
    kind: "count",
    value: "N",
    help: "recordings of a program that failed natively until one fails, at most (default 10)",
  },
  baseline: {
    kind: "flag",
    help: "fail where ticks or overhead are beyond the bounds of the baseline that is set for this host",
  },
  "update-baseline": { kind: "flag", help: "set the baseline of this host by the tests that pass" },
  "update-snapshots": { kind: "flag", help: "write the outputs that tests compare with anew" },
  fleet: {
    kind: "flag",
    help: "run the tests on the hosts of a fleet, whose agents wait in the PostgreSQL that is the store",
  },
  on: { kind: "text", value: "LABELS", help: "with --fleet: only hosts that have all of these, with commas" },
  any: { kind: "flag", help: "with --fleet: each test on one host that can do it (that is so by default)" },
  "each-host": { kind: "flag", help: "with --fleet: each test on each host" },
  profile: PROFILE_OPTION,
  watch: { kind: "flag", help: "run again whenever a manifest, a script or a source changes" },
  "no-history": { kind: "flag", help: "do not add this run to the history" },
} as const;

/** What the command line says. */
export type SuitesOptions = Values<typeof SUITES_OPTIONS>;
