/** Lines at the bottom of a terminal that say what is being run, and for how long still; they vanish with the end of the run. */
import { isHarmless, type RunEvent, slowAfter, type TestCase } from "../run/mod.ts";
import { marksOf, seconds } from "./table-rows.ts";

/** Cells of the bar. */
const BAR = 20;

/** How far a recording has come. */
export interface RecordingProgress {
  events: number;
  ticks: number;
}

/** What the lines are shown with. */
export interface LiveOptions {
  /** Takes the text with its control sequences. */
  write: (text: string) => void;
  /** Milliseconds. */
  now: () => number;
  /** Of the terminal. */
  columns: () => number;
  /** How long an attempt at a test takes as a rule, in milliseconds. @default nobody knows */
  usual?: (test: TestCase) => number | undefined;
  /** How far a recording has come, by the file that its recorder writes. @default nobody knows */
  progress?: (file: string) => RecordingProgress | undefined;
}

interface Running {
  test: TestCase;
  phase: string;
  /** When the attempt began, and when its phase did. */
  since: number;
  phaseSince: number;
  file: string | undefined;
}

/** Follows the events of a run. */
export class LiveLines {
  readonly #running = new Map<string, Running>();
  #todo = new Map<string, { test: TestCase; left: number }>();
  #jobs = 1;
  #total = 0;
  #done = 0;
  #failed = 0;
  /** Lines that are on the screen. */
  #shown = 0;

  constructor(private readonly options: LiveOptions) {}

  /** Brings the lines up to date with an event. */
  show(event: RunEvent): void {
    switch (event.kind) {
      case "run-started":
        this.#todo = new Map(
          event.tests.map((test) => [test.id, { test, left: test.repeat ?? event.repeat }]),
        );
        this.#total = [...this.#todo.values()].reduce((sum, { left }) => sum + left, 0);
        this.#jobs = event.jobs;
        break;
      case "phase-started": {
        const { test, phase, progress: file } = event;
        const key = `${test.id}.${event.attempt}`;
        const phaseSince = this.options.now();
        const since = this.#running.get(key)?.since ?? phaseSince;
        this.#running.set(key, { test, phase, since, phaseSince, file });
        break;
      }
      case "attempt-finished": {
        this.#running.delete(`${event.test.id}.${event.attempt.number}`);
        const todo = this.#todo.get(event.test.id);
        if (todo && event.attempt.retry === undefined) {
          todo.left = Math.max(0, todo.left - 1);
          this.#done++;
        }
        if (!isHarmless(event.attempt.verdict)) this.#failed++;
        break;
      }
      case "run-finished":
        this.#running.clear();
        this.options.write(this.#erased());
        return;
    }
    this.draw();
  }

  /** Shows how the time goes on. */
  draw(): void {
    const columns = this.options.columns() - 1;
    const lines = [this.#bar(), ...[...this.#running.values()].map((one) => this.#line(one))];
    const fitting = lines.map((line) => (line.length > columns ? `${line.slice(0, columns - 1)}…` : line));
    this.options.write(this.#erased() + fitting.join("\n"));
    this.#shown = fitting.length;
  }

  #erased(): string {
    const up = this.#shown > 1 ? `\x1b[${this.#shown - 1}A` : "";
    this.#shown = 0;
    return `\r${up}\x1b[J`;
  }

  #bar(): string {
    const filled = this.#total === 0 ? 0 : Math.min(BAR, Math.floor((BAR * this.#done) / this.#total));
    const failed = this.#failed > 0 ? `, ${this.#failed} failed` : "";
    const left = this.#leftOfAll();
    const about = left === undefined ? "" : ` · about ${seconds(left)} left`;
    return `[${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${this.#done}/${this.#total}${failed}${about}`;
  }

  /** "  alarm  record  1.2 s  123 events  4,567 ticks  about 2.0 s left" */
  #line({ test, phase, since, phaseSince, file }: Running): string {
    const now = this.options.now();
    const elapsed = now - since;
    const come = file === undefined ? undefined : this.options.progress?.(file);
    const usual = this.options.usual?.(test);
    const words = [
      test.name,
      phase,
      ...(now - phaseSince > slowAfter(test) ? ["SLOW"] : []),
      seconds(elapsed),
      ...(come
        ? [`${come.events.toLocaleString("en")} events`, `${come.ticks.toLocaleString("en")} ticks`]
        : []),
      ...(usual !== undefined && usual > elapsed ? [`about ${seconds(usual - elapsed)} left`] : []),
    ];
    return `  ${words.join("  ")}`;
  }

  /** Undefined where it is not known of every test. */
  #leftOfAll(): number | undefined {
    let sum = 0;
    for (const { test, left } of this.#todo.values()) {
      const usual = left === 0 ? 0 : this.options.usual?.(test);
      if (usual === undefined) return undefined;
      sum += usual * left;
    }
    const now = this.options.now();
    for (const { test, since } of this.#running.values()) {
      sum -= Math.min(now - since, this.options.usual?.(test) ?? 0);
    }
    return sum / this.#jobs;
  }
}

/** "pass core/alarm 1.2 s": what is said of an attempt where there is no terminal; undefined of other events. */
export function plainLine(event: RunEvent): string | undefined {
  if (event.kind !== "attempt-finished") return undefined;
  const { test, attempt } = event;
  const took = Object.values(attempt.milliseconds).reduce((sum, one) => sum + one, 0);
  const marks = marksOf([attempt]).map((mark) => ` ${mark}`);
  return `${[attempt.verdict.kind, ...marks].join("")} ${test.id}${took > 0 ? ` ${seconds(took)}` : ""}\n`;
}

/** Follows phases where there is no terminal: says once of each that it is slow, while it still runs. */
export class SlowWatch {
  readonly #running = new Map<string, { test: TestCase; phase: string; since: number }>();

  /** @param now Milliseconds. */
  constructor(private readonly now: () => number) {}

  /** Takes an event of the run. */
  see(event: RunEvent): void {
    if (event.kind === "phase-started") {
      const { test, attempt, phase } = event;
      this.#running.set(`${test.id}.${attempt}`, { test, phase, since: this.now() });
    } else if (event.kind === "attempt-finished") {
      this.#running.delete(`${event.test.id}.${event.attempt.number}`);
    }
  }

  /** Lines about what has become slow since the last look: "SLOW core/x: record takes longer than 20.00 s". */
  look(): string[] {
    const slow = [...this.#running].filter(([, { test, since }]) => this.now() - since > slowAfter(test));
    for (const [key] of slow) this.#running.delete(key);
    return slow.map(
      ([, { test, phase }]) => `SLOW ${test.id}: ${phase} takes longer than ${seconds(slowAfter(test))}\n`,
    );
  }
}
