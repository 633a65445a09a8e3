/**
 * Names of the tests that failed, out of what a test runner has printed. Each runner has lines of its own for that;
 * one that is not known here has its failed processes named all the same.
 */

/** A runner's line for a failed test; the first group is the test. */
const LINES: readonly { runner: string; line: RegExp }[] = [
  { runner: "TAP", line: /^\s*not ok \d+(?: -)? (?!.*# (?:TODO|SKIP))(.+)$/i },
  { runner: "node --test", line: /^\s*✖ (?!failing tests:)(.+?)(?: \([\d.]+ms\))?$/ },
  { runner: "Vitest, Jest", line: /^\s*FAIL +(\S.*)$/ },
  { runner: "pytest", line: /^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$/ },
  { runner: "unittest", line: /^(?:FAIL|ERROR): (\w.* \(.+\))$/ },
  { runner: "go test", line: /^\s*--- FAIL: (.+?) \([\d.]+s\)$/ },
  // A package whose tests have failed has them named before; one that could not be built has none.
  { runner: "go test", line: /^FAIL\t(\S+) \[(?:build|setup) failed\]$/ },
  { runner: "cargo test", line: /^test (\S+) \.\.\. FAILED$/ },
  {
    runner: "ctest",
    line: /^\s*\d+ - (.+) \((?:Failed|SEGFAULT|Timeout|ILLEGAL|NUMERICAL|Subprocess .*|Exit .*)\)\s*$/i,
  },
  { runner: "bun test", line: /^\s*(?:\(fail\)|✗) (.+?)(?: \[[\d.]+m?s\])?$/ },
  { runner: "Automake", line: /^FAIL: (\S+)$/ },
  { runner: "make", line: /^make(?:\[\d+\])?: \*\*\* \[(.+?)\] (?:Error|Segmentation|Aborted|Killed).*$/ },
];

/** Colours and other steering of terminals (ECMA-48 control sequences). */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what is to be found
const CONTROL = /\u001b\[[0-?]*[ -/]*[@-~]/g;

/**
 * Finds the failed tests.
 *
 * @param output What the runner has printed, or the end of it.
 * @returns Their names, each once, in the order in which they were first told of.
 */
export function failedTests(output: string): string[] {
  const names = new Set<string>();
  for (const raw of output.split("\n")) {
    const text = raw.replace(CONTROL, "").trimEnd();
    const name = LINES.map(({ line }) => line.exec(text)?.[1]?.trim()).find(
      (found) => found !== undefined && found !== "",
    );
    if (name !== undefined) names.add(name);
  }
  return [...names];
}
