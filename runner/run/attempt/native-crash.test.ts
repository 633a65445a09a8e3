/** Crashes that no recording shows have a stack all the same: the program runs by itself once more, watched. */
import { afterAll, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertExists, assertStringIncludes } from "@std/assert";
import { findCompiler } from "../../programs/compiler.ts";
import { failureLines } from "../../reporters/failure-lines.ts";
import { styleFor } from "../../reporters/style.ts";
import type { Attempt } from "../../results/mod.ts";
import { FakeRun, type FakeRunOptions, shellTest } from "../_fixtures.ts";

const SOURCE = resolve(import.meta.dir, "../../engines/fixtures/crashes.c");
const folder = mkdtempSync(join(tmpdir(), "tickproof-native-crash-"));
afterAll(() => rmSync(folder, { recursive: true }));
const crashes = join(folder, "crashes");
const flags = ["-g", "-O1", "-fomit-frame-pointer", "-pthread"];
assertEquals(Bun.spawnSync([...findCompiler().command, ...flags, "-o", crashes, SOURCE]).exitCode, 0);

/** One attempt, by an engine that tells of no crashes, as rr does. */
async function attempted(script: string, options: FakeRunOptions = {}): Promise<Attempt> {
  using fake = new FakeRun();
  const { results } = await fake.run([shellTest(script, { cwd: folder })], options);
  const attempt = results[0]?.attempts[0];
  assertExists(attempt);
  assertEquals(attempt.verdict.kind, "fail");
  return attempt;
}

const symbols = ({ crash }: Attempt) => crash?.frames.map(({ place }) => place?.symbol ?? "?") ?? [];

test("a crash that the engine does not tell of has its line, stack and address", async () => {
  const attempt = await attempted(`exec ${crashes} sort`);
  const { crash } = attempt;
  assertEquals([crash?.signal, crash?.address, crash?.native], ["SIGSEGV", "0x0", true]);
  assertEquals(symbols(attempt).slice(0, 5), ["fault", "walk", "walk", "walk", "compare"]);
  assertEquals(symbols(attempt).at(-1), "main");
  assertEquals(crash?.source?.line, crash?.frames[0]?.place?.line);
  assertEquals(crash?.source?.lines.length, 7);
  const text = failureLines(attempt, styleFor(false)).join("\n");
  assertStringIncludes(text, "at address 0x0 (natively, watched in one more run)");
  assertStringIncludes(text, "/* the fault */");
  // Times and leaks are those of the run that was judged.
  assertEquals([attempt.leaks, attempt.notes], [undefined, undefined]);
});

test("a crash that comes natively only: in a thread, and in a child of a shell that only tells of it", async () => {
  const thread = await attempted(`[ "$FAKE_RECORDED" ] || exec ${crashes} thread`, { catchTries: 2 });
  assertEquals(symbols(thread).slice(0, 4), ["fault", "walk", "walk", "thread"]);
  assert(thread.crash?.task !== thread.crash?.process);
  const child = await attempted(`[ "$FAKE_RECORDED" ] || { ${crashes} divide; exit $?; }`, { catchTries: 1 });
  assertEquals([child.crash?.signal, symbols(child)], ["SIGFPE", ["main"]]);
});

test("a signal that the program handles, ignores or stops by is none that ends it", async () => {
  // Another process wakes it, once it is seen to be stopped.
  const stopped = 'until grep -q "^State:.[Tt]" /proc/$1/status; do :; done; kill -CONT $1';
  const script = `trap : USR1; trap '' SEGV; kill -USR1 $$; kill -SEGV $$; sh -c '${stopped}' sh $$ & kill -STOP $$; kill -ABRT $$`;
  const { crash } = await attempted(script);
  assertEquals([crash?.signal, crash?.native], ["SIGABRT", true]);
});

test("a crash that does not come again leaves a note, after a bounded number of runs", async () => {
  const once = `[ -e once ] || { : > once; kill -SEGV $$; }; echo x >> runs`;
  const { crash, notes = [] } = await attempted(once, { catchTries: 3 });
  assertEquals(crash, undefined);
  assertEquals(
    notes.at(-1),
    "no stack: death by SIGSEGV did not come again in 3 native runs that were watched",
  );
});
