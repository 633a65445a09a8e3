/** What comes of a test. Verdicts are a union: no result can be read as another. */

/** The three runs of an attempt; a script makes its own. */
export type Phase = "native" | "record" | "replay" | "script";

/** Why a test is skipped, marked, or expected to fail. */
export interface Note {
  /** What was seen of the host, with the evidence, and the manifest's reason. */
  readonly text: string;
  readonly url?: string;
  /** Capabilities that it is about. */
  readonly capabilities: readonly string[];
  /** Those of them that the host lacks. */
  readonly missing: readonly string[];
}

/** What came of a test, or of one attempt at it. */
export type Verdict =
  /** All as it must be; with flags, it shows less than it seems to. */
  | { kind: "pass"; flags?: readonly Note[] }
  /** The program, its recording or its replay is not as it must be. */
  | { kind: "fail"; reasons: readonly string[] }
  /** It was not run, and that is nobody's fault. */
  | { kind: "skip"; reason: string; missing: readonly string[]; url?: string }
  /** It was expected to fail for a known reason, and did. */
  | { kind: "xfail"; reason: string; url?: string; found: readonly string[] }
  /** It was expected to fail and passed: the manifest is out of date, and the run fails. */
  | { kind: "xpass"; reason: string; url?: string; remedy?: string }
  | { kind: "timeout"; phase: Phase; seconds: number }
  /** A limit of the engine: what the program does can't be recorded, so that nothing is shown of it. */
  | { kind: "unsupported"; reason: string }
  /** The host or the harness is at fault, not what is tested. */
  | { kind: "broken"; reason: string }
  /** Of a test, not of an attempt: it passed when it was tried again. */
  | { kind: "flaky"; attempts: number; reasons: readonly string[] };

/** Numbers that the engine counted while it recorded. */
export interface Counts {
  ticks: number;
  events: number;
  signals: number;
  switches: number;
}
