/**
 * The exit codes of tickproof, in one place. `record`, `replay` and `stat` pass the program's own exit code or
 * death by signal through instead, unless one of these says more.
 */

/** All went well: every test passed, the trace was shown. */
export const OK = 0;
/** A test failed, timed out or passed unexpectedly, a replay diverged from its recording, or no engine runs on a host. */
export const FAILED = 1;
/** Wrong usage or settings, a damaged trace, a host or a program that the engine cannot serve. */
export const USAGE = 2;
/** A manifest or a script can't be read, or says what can't be. */
export const BAD_MANIFEST = 3;
/** No test matched what was asked for. */
export const NOTHING_MATCHED = 4;
/** Nothing failed, but the host, the harness or a limit of the engine kept tests from being judged. */
export const BROKEN = 5;
/** Nothing failed, but all tests were skipped that `--require` wants to be run. */
export const REQUIRED_SKIPPED = 6;
/** A fault of tickproof itself. */
export const INTERNAL = 70;
/** What a shell adds to a signal's number: 130 is an end by Ctrl-C. */
export const SIGNAL_BASE = 128;

/** The exit codes as text for `--help`. */
export const EXIT_CODES: readonly (readonly [code: string, meaning: string])[] = [
  [`${OK}`, "all is well"],
  [
    `${FAILED}`,
    "a test did not pass, a hunt has found its failure, a replay diverged, or no engine can run on the host (doctor)",
  ],
  [
    `${USAGE}`,
    "wrong usage or settings, a damaged trace, what the engine cannot record, or a host that lacks what it needs",
  ],
  [`${BAD_MANIFEST}`, "a manifest or a script is wrong, or can't be read"],
  [`${NOTHING_MATCHED}`, "no test matched what was asked for"],
  [
    `${BROKEN}`,
    "no test failed, but some could not be judged: the host or the harness is at fault (broken), or the engine has a limit (unsupported)",
  ],
  [`${REQUIRED_SKIPPED}`, "no test failed, but what --require names kept all of its tests from being run"],
  [`${SIGNAL_BASE + 2}`, "ended by Ctrl-C"],
  [`${INTERNAL}`, "a fault of tickproof itself"],
  ["other", "record, replay and stat end as the program ended, by exit code or by signal"],
];
