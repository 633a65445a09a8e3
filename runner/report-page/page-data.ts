/** What is written into a page of the report: plain JSON, shared by what prepares it and what shows it. */

/** Where tests were run: a column of the matrix. */
export interface Target {
  /** The machine, or the described host. */
  name: string;
  /** It is a described host: the machine it ran on says little. */
  described: boolean;
  engine: string;
  kernel: string;
  cpu: string;
}

/** A run, as far as the page tells of it. */
export interface PageRun {
  id: number;
  /** ISO 8601, UTC. */
  startedAt: string;
  host: string;
}

/**
 * All attempts, a column for each field: short, and quick to read. Those of a cell follow one another, the oldest
 * first. `run`, `verdict`, `reason` and `detail` are indices; a detail of -1 is none.
 */
export interface PageAttempts {
  run: number[];
  number: number[];
  verdict: number[];
  reason: number[];
  ticks: (number | null)[];
  nativeMs: (number | null)[];
  recordMs: (number | null)[];
  replayMs: (number | null)[];
  detail: number[];
}

/** Least, middle and greatest of some values. */
export interface Range {
  least: number;
  median: number;
  most: number;
}

/** A test at a target: what all its attempts come to. */
export interface Cell {
  test: number;
  target: number;
  /** Of the newest run: the verdict of its attempts; "flaky" where some passed and some did not. */
  verdict: string;
  reason: string;
  /** Attempts of the newest run, and those of them that passed. */
  newest: number;
  newestPassed: number;
  /** Its attempts: from this index to before that. */
  from: number;
  to: number;
  /** Attempts that tell of the test, those that failed, and the rate with its interval. */
  telling: number;
  failed: number;
  rate: { rate: number; low: number; high: number };
  /** When the first attempt that failed was started; undefined if none has. */
  failingSince?: string;
  /**
   * How often an attempt ends otherwise than the one before it, of all that have one before: what always fails is not
   * flaky. Undefined of less than two attempts. (Kowalczyk et al., "Modeling and Ranking Flaky Tests at Apple", 2020)
   */
  flipRate?: number;
  ticks?: Range;
  events?: Range;
  signals?: Range;
  switches?: Range;
  nativeMs?: Range;
  recordMs?: Range;
  replayMs?: Range;
  /** What counters counted of native runs, by event. */
  counters?: Record<string, Range>;
  /** Time under record and replay over that of the native run. */
  recordOverhead?: number;
  replayOverhead?: number;
}

/** One trace, event by event, a column for each field. */
export interface Timeline {
  command: string;
  startedAt: string;
  host: string;
  /** Folder that it was read from. */
  trace: string;
  tasks: { id: number; process: number }[];
  /** Indices into `tasks`, `KINDS`, `texts`. */
  task: number[];
  kind: number[];
  text: number[];
  /** Ticks that the task has made since its event before. */
  ticks: number[];
  texts: string[];
  /** Numbers of the events in the trace, where they don't follow each other from 0. */
  index?: number[];
  /** Why it is not all of the trace; "" if it is. */
  cut: string;
}

/** Kinds of events, in the order that `Timeline.kind` counts them. */
export const KINDS = [
  "exec",
  "syscall",
  "signal",
  "switch",
  "instruction",
  "clone",
  "exit",
  "memory",
  "file",
  "note",
  "checksum",
  "registers",
  "end",
] as const;

/** How far a task had come; registers by name, as hexadecimal texts. */
interface Progress {
  ticks: number;
  registers: Readonly<Record<string, string>>;
}

/** A replay that left its recording, with the instructions around the recorded pc. */
export interface PageDivergence {
  difference: { task: number; name: string; expected: Progress; found: Progress };
  code?: {
    pc: string;
    path: string;
    offset: string;
    lines: readonly { address: string; bytes: string; text: string }[];
  };
}

/** A step of a script's test, with those in it. */
export interface PageStep {
  name: string;
  verdict: { kind: string };
  milliseconds: number;
  steps: readonly PageStep[];
}

/** How an output differs from the expected one. */
export interface PageDifference {
  stream: string;
  phase: string;
  against: string;
  hunks: readonly { expectedStart: number; foundStart: number; lines: readonly string[] }[];
  more: number;
}

/** A program that a signal has ended. */
export interface PageCrash {
  signal: string;
  process: number;
  address?: string;
  frames: readonly {
    pc: string;
    place?: { module: string; symbol?: string; file?: string; line?: number };
  }[];
  moreFrames: number;
  source?: { file: string; line: number; lines: readonly { number: number; text: string }[] };
  lastEvents: readonly string[];
  /** No recording shows it. */
  native?: true;
}

/** What the page says of one attempt besides its figures: a part of the history's `AttemptDetail`. */
export interface PageDetail {
  kernelLog?: readonly string[];
  url?: string;
  missing?: readonly string[];
  divergence?: PageDivergence;
  trace?: string;
  steps?: readonly PageStep[];
  differences?: readonly PageDifference[];
  crash?: PageCrash;
  notes?: readonly string[];
  /** What a script's test has printed. */
  output?: string;
  /** Where each thread was when the time was up, a line each. */
  threadLines?: readonly string[];
  /** What replays it; its trace is still there. */
  command?: string;
  /** Index of its timeline in {@link PageData.timelines}. */
  timeline?: number;
  /** Its trace's name, where a server has it: the page asks for its timeline. */
  traceName?: string;
}

/** All of a page. */
export interface PageData {
  generatedAt: string;
  version: string;
  tests: string[];
  targets: Target[];
  runs: PageRun[];
  verdicts: string[];
  reasons: string[];
  cells: Cell[];
  attempts: PageAttempts;
  details: PageDetail[];
  /** Ends of traces of failed attempts. */
  timelines?: Timeline[];
  timeline?: Timeline;
}
