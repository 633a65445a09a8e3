import { expect, test } from "bun:test";
import { watchCalls } from "./test/watch-calls.ts";

const ENVIRONMENT = ["PATH=/usr/bin:/bin", "LC_ALL=C"];

function surprisesOf(...argv: string[]) {
  const { calls, surprises } = watchCalls(argv[0]!, argv, ENVIRONMENT);
  expect(calls.size).toBeGreaterThan(5);
  return surprises;
}

test("outputRanges() covers what the kernel writes for a program that walks directories", () => {
  expect(
    surprisesOf("/usr/bin/find", "/etc", "/proc/self/fd", "-maxdepth", "2", "-name", "no-such-name"),
  ).toEqual([]);
});

test("outputRanges() covers what the kernel writes for a shell with children and signals", () => {
  const script =
    "trap 'x=1' USR1; kill -USR1 $$; y=$(echo a | tr a b); read -r l </proc/self/stat; ulimit -n; umask; times";
  expect(surprisesOf("/bin/sh", "-c", `{ ${script}; } >/dev/null`)).toEqual([]);
});
