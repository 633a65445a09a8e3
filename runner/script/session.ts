/** The runner's side of a script: its process, the tests that it has, and one run of one of them. */

import { closeSync, openSync } from "node:fs";
import { resolve } from "node:path";
import { ManifestError } from "../errors/mod.ts";
import { endTree } from "../processes/mod.ts";
import type { StepResult } from "../results/mod.ts";
import type { Order, Report, TestDescription } from "./protocol.ts";

const WORKER = resolve(import.meta.dir, "worker.ts");

/** Time that a script may take to be loaded, and to end a test that was stopped. */
const LOAD_MS = 60_000;
const GRACE_MS = 2000;
/** Time that a test may take to stop: that of a recorder whose program does not obey at once, and some more. */
const STOP_MS = 5000;

/** How one run of a test ended. */
export type ScriptEnd =
  | { kind: "ended"; result: StepResult }
  | { kind: "timeout" }
  | { kind: "aborted" }
  /** The process of the script ended in the midst of it. */
  | { kind: "died"; how: string };

/** One run of one test. */
export interface ScriptRun {
  /** Index in {@link ScriptSession.tests}. */
  index: number;
  /** An existing folder for the files of its recordings. */
  files: string;
  /** Variables that the script finds in its own environment. */
  environment: Readonly<Record<string, string>>;
  timeoutSeconds: number;
  abort: AbortSignal;
  onStep?: (path: readonly string[], result: StepResult) => void;
}

/** A loaded script. It is closed by disposing, or where its process has ended by itself. */
export class ScriptSession implements AsyncDisposable {
  readonly tests: readonly TestDescription[];
  readonly #child: Bun.Subprocess;
  readonly #mailbox: Mailbox;

  private constructor(child: Bun.Subprocess, mailbox: Mailbox, tests: readonly TestDescription[]) {
    this.#child = child;
    this.#mailbox = mailbox;
    this.tests = tests;
  }

  /**
   * Starts the process of a script and waits until it is loaded.
   *
   * @param path The script.
   * @param output File that everything it prints is appended to.
   * @throws {UsageError} If it can't be loaded.
   */
  static async open(path: string, output: string): Promise<ScriptSession> {
    const mailbox = new Mailbox();
    const log = openSync(output, "a");
    let child: Bun.Subprocess;
    try {
      child = Bun.spawn([process.execPath, WORKER, path], {
        stdio: ["ignore", log, log],
        ipc: (report: Report) => mailbox.put(report),
        onDisconnect: () => mailbox.close(),
        detached: true,
      });
    } finally {
      closeSync(log);
    }
    const report = await mailbox.takeWithin(LOAD_MS);
    if (report?.is === "loaded") return new ScriptSession(child, mailbox, report.tests);
    await endTree(child, { graceMs: GRACE_MS });
    const why = report?.is === "refused" ? report.reason : `its process ended (${describeEnd(child)})`;
    throw new ManifestError(`cannot load the script ${path}: ${why}`);
  }

  /** Runs a test once. After anything but "ended" the session is over: close it and open another. */
  async run({ index, files, environment, timeoutSeconds, abort, onStep }: ScriptRun): Promise<ScriptEnd> {
    const stop = Promise.withResolvers<"timeout" | "aborted">();
    const timer = setTimeout(() => stop.resolve("timeout"), timeoutSeconds * 1000);
    const onAbort = () => stop.resolve("aborted");
    if (abort.aborted) onAbort();
    abort.addEventListener("abort", onAbort);
    try {
      this.#order({ do: "run", index, files, environment });
      for (;;) {
        const next = await Promise.race([this.#mailbox.take(), stop.promise]);
        if (next === "timeout" || next === "aborted") {
          this.#order({ do: "stop" });
          await this.#stopped();
          await endTree(this.#child, { graceMs: GRACE_MS });
          return { kind: next };
        }
        if (next === undefined) {
          await endTree(this.#child, { graceMs: GRACE_MS });
          return { kind: "died", how: describeEnd(this.#child) };
        }
        if (next.is === "step") onStep?.(next.path, next.result);
        if (next.is === "ended") return { kind: "ended", result: next.result };
      }
    } finally {
      clearTimeout(timer);
      abort.removeEventListener("abort", onAbort);
    }
  }

  /**
   * Runs the script's last hooks and ends its process.
   *
   * @returns What went wrong in the hooks, a text each.
   */
  async close(): Promise<readonly string[]> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return [];
    this.#order({ do: "end" });
    const report = await this.#mailbox.takeWithin(LOAD_MS);
    await endTree(this.#child, { graceMs: GRACE_MS });
    if (report === undefined) return [`the script did not end within ${LOAD_MS / 1000} seconds`];
    return report.is === "closed" ? report.wrong : [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await endTree(this.#child, { graceMs: GRACE_MS });
  }

  /** Waits until the test that was told to stop has done so: its recorders then have said where their programs stood. */
  async #stopped(): Promise<void> {
    const until = performance.now() + STOP_MS;
    for (let left = STOP_MS; left > 0; left = until - performance.now()) {
      const report = await this.#mailbox.takeWithin(left);
      if (report === undefined || report.is === "ended") return;
    }
  }

  #order(order: Order): void {
    this.#child.send(order);
  }
}

function describeEnd({ exitCode, signalCode }: Bun.Subprocess): string {
  return signalCode ? `killed by ${signalCode}` : `exit code ${exitCode}`;
}

/** Reports in the order in which they come, to be taken one by one. */
class Mailbox {
  readonly #waiting: Report[] = [];
  #taker: ((report: Report | undefined) => void) | undefined;
  #closed = false;

  put(report: Report): void {
    if (this.#taker) this.#hand(report);
    else this.#waiting.push(report);
  }

  /** Nothing more will come. */
  close(): void {
    this.#closed = true;
    this.#hand(undefined);
  }

  /** The next report; undefined if none will come. One call at a time. */
  take(): Promise<Report | undefined> {
    const next = this.#waiting.shift();
    if (next || this.#closed) return Promise.resolve(next);
    return new Promise((resolve) => {
      this.#taker = resolve;
    });
  }

  /** The next report; undefined if none comes in that time. */
  async takeWithin(milliseconds: number): Promise<Report | undefined> {
    const timer = setTimeout(() => this.#hand(undefined), milliseconds);
    try {
      return await this.take();
    } finally {
      clearTimeout(timer);
    }
  }

  #hand(report: Report | undefined): void {
    const taker = this.#taker;
    this.#taker = undefined;
    taker?.(report);
  }
}
