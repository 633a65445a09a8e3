/** Recordings and replays that were ended from outside: nothing is left running, and a trace replays up to there. */

import { closeSync, constants, existsSync, openSync, readFileSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertGreater, assertNotEquals } from "@std/assert";
import { hostTest, isAlive, run, Scratch, TICKPROOF } from "./_tickproof.ts";

/** After this many milliseconds what is waited for does not come any more. */
const HANG = 100_000;

/** Prints its pid, then counts for ever, in processes and out of them. */
const COUNT_FOR_EVER = "echo $$; i=0; while :; do i=$((i + 1)); echo $i; done";

/** A recording of {@link COUNT_FOR_EVER} that has come some way. */
class Running {
  readonly trace: string;
  readonly #child: Bun.Subprocess;
  readonly #stdout: string;

  constructor(scratch: Scratch) {
    this.trace = scratch.file("trace");
    this.#stdout = scratch.file("stdout");
    const command = [...TICKPROOF, "record", "-o", this.trace, "--", "sh", "-c", COUNT_FOR_EVER];
    this.#child = Bun.spawn(command, {
      stdio: ["ignore", Bun.file(this.#stdout), "ignore"],
      detached: true,
    });
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** What the program has printed so far. */
  get output(): string {
    return existsSync(this.#stdout) ? readFileSync(this.#stdout, "utf8") : "";
  }

  get program(): number {
    return Number(this.output.split("\n")[0]);
  }

  /** Waits until a good part is on disk. */
  async grown(): Promise<void> {
    const events = join(this.trace, "events");
    await until(() => existsSync(events) && statSync(events).size > 10_000 && this.output.length > 1000);
  }

  /** Waits for the end of recorder and program; the signal that the recorder died by. */
  async ended(): Promise<string> {
    await this.#child.exited;
    await until(() => !isAlive(this.program));
    return String(this.#child.signalCode);
  }

  /** Ends all of it, whatever happened. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) process.kill(-this.pid, "SIGKILL");
    await this.#child.exited;
  }
}

/** Waits for something that must come; fails where it does not. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + HANG;
  while (!condition()) {
    assert(performance.now() < deadline, `this never came true: ${condition}`);
    await Bun.sleep(10);
  }
}

/** Replays a trace that was cut off, and asserts that it shows a part of what was printed. */
function proveReplaysInPart(trace: string, output: string): void {
  const { exit, stdout, stderr } = run([...TICKPROOF, "replay", trace]);
  assertEquals(exit, { code: 0 }, stderr);
  assertGreater(stdout.length, 100);
  assert(output.startsWith(stdout.toString()), "replay prints the beginning of what was printed");
  assertNotEquals(stderr, "");
}

hostTest("kill -9 of the recorder leaves no tracee, and a trace that replays", ["sh"], async () => {
  using scratch = new Scratch();
  await using running = new Running(scratch);
  await running.grown();
  assert(isAlive(running.program));
  process.kill(running.pid, "SIGKILL");
  await running.ended();
  proveReplaysInPart(running.trace, running.output);
});

for (const whom of ["the recorder", "the whole group, as Ctrl-C does"]) {
  hostTest(`SIGINT to ${whom} ends both and keeps a trace that replays`, ["sh"], async () => {
    using scratch = new Scratch();
    await using running = new Running(scratch);
    await running.grown();
    process.kill(whom === "the recorder" ? running.pid : -running.pid, "SIGINT");
    assertEquals(await running.ended(), "SIGINT", "the recorder ends as the program did");
    const { exit, stdout } = run([...TICKPROOF, "replay", running.trace]);
    assertEquals(stdout.toString(), running.output);
    assertEquals(exit, { signal: 2 }, "replay ends as the program did");
  });
}

/** Whether a pipe takes nothing more; what it takes is a byte. */
function isFull(pipe: number): boolean {
  try {
    writeSync(pipe, "x");
    return false;
  } catch (error) {
    assertEquals((error as NodeJS.ErrnoException).code, "EAGAIN");
    return true;
  }
}

hostTest(
  "a replay whose output nobody reads ends by Ctrl-C and SIGTERM, also where it is non-blocking",
  ["head", "mkfifo"],
  async () => {
    using scratch = new Scratch();
    const trace = scratch.file("trace");
    const { exit } = run([
      ...TICKPROOF,
      "record",
      "-q",
      "-o",
      trace,
      "--",
      "head",
      "-c",
      "200000",
      "/dev/zero",
    ]);
    assertEquals(exit, { code: 0 });
    for (const [signal, code, flags] of [
      ["SIGINT", 130, constants.O_WRONLY],
      ["SIGTERM", 143, constants.O_WRONLY | constants.O_NONBLOCK],
    ] as const) {
      const path = scratch.file(signal);
      assertEquals(run(["mkfifo", path]).exit, { code: 0 });
      // Both ends of it at once, so that opening it waits for nobody.
      const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const stdout = openSync(path, flags);
      const child = Bun.spawn([...TICKPROOF, "replay", "-q", trace], { stdio: ["ignore", stdout, "ignore"] });
      await until(() => isFull(pipe));
      child.kill(signal);
      assertEquals(await child.exited, code);
      closeSync(stdout);
      closeSync(pipe);
    }
  },
);
