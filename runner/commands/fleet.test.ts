/** A fleet as people use it: agents and senders as processes of their own, over a real PostgreSQL that goes away and comes back. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readProcFile } from "../../engine/proc-file.ts";
import { makeDatabase, openFleet } from "../fleet/_fixtures.ts";
import { takeLost } from "../fleet/claims.ts";
import { NO_POSTGRES, startServer } from "../history/_stores.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");

/** Waits for what another process does; how long that takes is the test's own limit. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(50);
}

/** A command of tickproof that goes on beside the test. */
class Command {
  readonly child: Bun.Subprocess<"ignore", "pipe", "pipe">;
  readonly stdout: Promise<string>;
  readonly #read: Promise<void>;
  stderr = "";

  constructor(folder: string, url: string, args: readonly string[]) {
    const { TICKPROOF_HISTORY: _, ...environment } = process.env;
    this.child = Bun.spawn([process.execPath, CLI, ...args], {
      cwd: folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      env: { ...environment, NO_COLOR: "1", TICKPROOF_STORE: url, TICKPROOF_TRACES: join(folder, ".traces") },
    });
    this.stdout = new Response(this.child.stdout).text();
    this.#read = this.#readFrom(this.child.stderr);
  }

  async #readFrom(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const part of stream) this.stderr += Buffer.from(part).toString();
  }

  /** Waits until something is so, as long as this command goes on. */
  async until(holds: () => boolean | Promise<boolean>): Promise<void> {
    await until(async () => {
      if (this.child.exitCode !== null) throw new Error(`it has ended: ${this.stderr}`);
      return await holds();
    });
  }

  async says(words: string): Promise<void> {
    await this.until(() => this.stderr.includes(words));
  }

  async ended(): Promise<{ code: number; stdout: string; stderr: string }> {
    const [code, stdout] = await Promise.all([this.child.exited, this.stdout, this.#read]);
    return { code, stdout, stderr: this.stderr };
  }
}

/** Whether a process has these words on its command line. */
function isRunning(words: string): boolean {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => readProcFile(`/proc/${pid}/cmdline`)?.includes(words));
}

/** What is read of a test in the JSON of a run. */
interface Shown {
  id: string;
  verdict: { kind: string; reason?: string };
  attempts: object[];
}

const stopped: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const stop of stopped.toReversed()) await stop();
});

const name = "tests come back once from agents that are killed, and over a store that goes away";
if (NO_POSTGRES !== undefined) test.skip(`${name} (skipped: ${NO_POSTGRES})`, () => {});
else {
  test(name, async () => {
    const server = await startServer();
    stopped.push(() => server.stop());
    const url = (await makeDatabase(server, "fleet"))("me:secret");
    const folder = mkdtempSync(join(tmpdir(), "tickproof-fleet-"));
    stopped.push(async () => rmSync(folder, { recursive: true }));
    const gate = join(folder, "gate");
    const waits = `until [ -e ${gate} ]; do sleep 0.1; done; echo through`;
    writeFileSync(join(folder, "hello.sh"), "#!/bin/sh\necho hello\n", { mode: 0o755 });
    writeFileSync(
      join(folder, "m.yaml"),
      `suite: m
tests:
  - { name: good, command: ./hello.sh, expect: { stdout: { equals: "hello\\n" } } }
  - { name: wrong, command: "true", expect: { exit: 1 } }
  - { name: apart, command: "true", requires: [xen, vmware] }
  - { name: waits, command: sh, args: [-c, "${waits}"], exclusive: [door], expect: { stdout: { equals: "through\\n" } } }
`,
    );
    const start = (...args: readonly string[]) => {
      const command = new Command(folder, url, args);
      stopped.push(async () => {
        command.child.kill("SIGKILL");
        await command.child.exited;
      });
      return command;
    };
    await using store = await openFleet(url);
    const isAt = async (agent: string) => {
      const rows = await store.rows(
        "SELECT 1 FROM job WHERE test = 'm/waits' AND state = 'running' AND agent = $1",
        [agent],
      );
      return rows.length > 0 && isRunning(gate);
    };

    const alpha = start("agent", "--name", "alpha", "--label", "big,old", "--jobs", "2");
    await alpha.says("agent 'alpha' waits for jobs");
    const sender = start("suites", "--fleet", "--on", "big", "--json", "m.yaml");
    await sender.until(() => isAt("alpha"));
    // What it has ended by now counts.
    await sender.until(async () => (await store.rows("SELECT 1 FROM job WHERE state = 'done'")).length === 2);
    alpha.child.kill("SIGKILL");
    await alpha.child.exited;
    await until(() => !isRunning(gate));

    const beta = start("agent", "--name", "beta", "--label", "big", "--jobs", "2");
    await beta.says("agent 'beta' waits for jobs");
    // As if alpha had said nothing for the time of a lease.
    await store.rows(
      "UPDATE attempt SET lease_until = now() - interval '1 second' WHERE outcome = 'running'",
    );
    await takeLost(store, 0);
    await sender.until(() => isAt("beta"));
    await server.kill();
    writeFileSync(gate, "");
    await until(() => !isRunning(gate));
    for (const command of [beta, sender]) await command.says("the store is away");
    await server.start();

    const { code, stdout, stderr } = await sender.ended();
    assertEquals(code, 1, stderr);
    const { tests } = JSON.parse(stdout) as { tests: Shown[] };
    const shown = tests.map(({ id, verdict, attempts }) => [id, verdict.kind, attempts.length]);
    assertEquals(
      shown,
      [
        ["m/good", "pass", 1],
        ["m/wrong", "fail", 1],
        ["m/apart", "skip", 1],
        ["m/waits", "pass", 1],
      ],
      stdout,
    );
    assertMatch(tests[2]?.verdict.reason ?? "", /no host of the fleet can do it: .*alpha has no /);
    assertStringIncludes(
      JSON.stringify(tests[3]?.attempts),
      "the agent 'alpha' was lost with an attempt at it",
    );
    const rows = await store.rows<{ test: string; agent: string; outcome: string }>(
      `SELECT test, attempt.agent, outcome FROM attempt JOIN job ON job.id = attempt.job ORDER BY test, attempt.started_at`,
    );
    const done = rows.filter(({ outcome }) => outcome === "done");
    assertEquals(
      done.map(({ test, agent }) => `${test}: ${agent}`),
      ["m/good: alpha", "m/waits: beta", "m/wrong: alpha"],
    );
    assertEquals(
      rows.find(({ test }) => test === "m/waits"),
      { test: "m/waits", agent: "alpha", outcome: "lost" },
    );
    // The history has it as if each host had run its part.
    const history = await store.rows<{ words: string }>(
      `SELECT host || ' ' || test || ' ' || verdict AS words FROM tickproof.attempt JOIN tickproof.run ON run.id = run
       WHERE host IN ('alpha', 'beta') AND finished = 1 ORDER BY 1`,
    );
    assertEquals(
      history.map(({ words }) => words),
      ["alpha m/good pass", "alpha m/wrong fail", "beta m/waits pass"],
    );

    const fetched = await start("fetch", "--from", "alpha", "-o", "wrong.trace.tgz", "m/wrong").ended();
    assertEquals(fetched.code, 0, fetched.stderr);
    const replayed = await start("replay", "wrong.trace.tgz").ended();
    assertEquals(replayed.code, 0, replayed.stderr);

    beta.child.kill("SIGTERM");
    const end = await beta.ended();
    assertEquals(end.code, 0, end.stderr);
    assertMatch(
      end.stderr,
      /the store is back\n[\s\S]*job m\/waits #1: pass\n|job m\/waits #1: pass\n[\s\S]*the store is back\n/,
    );
    const [left] = await store.rows(
      "SELECT count(*)::int AS live FROM agent WHERE ended_at IS NULL AND name = 'beta'",
    );
    assertEquals(left as object, { live: 0 });
    for (const text of [stdout, stderr, end.stderr, alpha.stderr])
      assert(!text.includes("secret"), "the password is shown");
  }, 300_000);
}
