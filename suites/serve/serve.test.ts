/** The live page in a real Chromium, and the command from its start to its end. */
import { afterAll, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { addRun, attempt, runOn } from "../../runner/history/_fixtures.ts";
import type { History } from "../../runner/history/mod.ts";
import { DIVERGED, HOSTILE } from "../../runner/report-page/_fixtures.ts";
import { clipped, lackingLetters, violations } from "../_page-checks.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";
import { livePageTest } from "./_live.ts";

const scratch = new Scratch();
const traces = scratch.file("traces");
const before = process.env.TICKPROOF_TRACES;
process.env.TICKPROOF_TRACES = traces;
writeFileSync(scratch.file("token"), "the-token-of-this-team\n");
afterAll(() => {
  if (before === undefined) delete process.env.TICKPROOF_TRACES;
  else process.env.TICKPROOF_TRACES = before;
  scratch[Symbol.dispose]();
});

/** Two machines, of which one gets a new kernel that a test fails on. */
async function month(history: History): Promise<void> {
  const at = (daysAgo: number) => new Date(Date.now() - daysAgo * 86_400_000).toISOString();
  const on = (daysAgo: number, kernel: string, host = "builder") =>
    runOn(1, { startedAt: at(daysAgo), kernel, host });
  await addRun(history, on(3, "6.9"), [
    { test: "a/good" },
    { test: "a/bad" },
    { test: "b/flaky", verdict: "fail" },
    { test: "b/flaky" },
  ]);
  await addRun(history, on(2, "6.1", "other"), [
    { test: "a/bad" },
    { test: "b/flaky", describedHost: "skylake-kvm" },
    { test: "b/flaky", describedHost: "skylake-metal" },
  ]);
  await addRun(history, on(1, "6.10"), [
    { test: "a/good" },
    { test: "a/bad", verdict: "fail", reason: HOSTILE, detail: DIVERGED },
    { test: "b/flaky" },
  ]);
}

livePageTest(
  "a run shows while it goes on, without a reload, and as it ends",
  { history: month },
  async ({ page, history, said }) => {
    await page.locator(".standing.up").waitFor();
    const progress = page.locator("#progress");
    await progress.getByText("None.").waitFor();
    await page.evaluate("globalThis.notReloaded = true");
    const id = await history.addRun(runOn(1, { startedAt: new Date().toISOString(), host: "builder" }));
    await history.beat(id, 4);
    await progress.getByText("0 of 4 attempts").waitFor();
    await history.addAttempt(id, attempt({ test: "a/new" }));
    await progress.getByText("1 of 4 attempts").waitFor();
    assertEquals(await progress.locator(".share").innerText(), "25 %");
    await history.addAttempt(id, attempt({ test: "a/good", verdict: "timeout", reason: "took too long" }));
    await progress.locator(".ticker li", { hasText: "a/good" }).waitFor();
    await page.locator("#failing .item", { hasText: "took too long" }).waitFor();
    await history.finishRun(id);
    await progress.getByText("None.").waitFor();
    await page.locator("#runs tr", { hasText: "finished" }).first().waitFor();
    assertEquals([await page.evaluate("globalThis.notReloaded"), said], [true, []]);
  },
);

livePageTest(
  "what fails, since which kernel, and how often, is said; nothing of it is markup",
  { history: month },
  async ({ page }) => {
    const item = page.locator("#failing .item");
    await item.first().waitFor();
    const text = await item.innerText();
    assertStringIncludes(text, HOSTILE);
    assertMatch(text, /first bad kernel 6\.10, last good 6\.9/);
    assertStringIncludes(text, "100.0 % 1 of 1");
    assertStringIncludes(await page.locator("#flaky .item", { hasText: "b/flaky" }).innerText(), "1 of 2");
    assertEquals([await page.title(), await page.locator("img").count()], ["tickproof", 0]);
  },
);

livePageTest(
  "views have addresses of their own: a test with its details, a run, the matrix with a search",
  { history: month },
  async ({ page, url }) => {
    await page.locator("#failing a", { hasText: "a/bad" }).click();
    await page.locator(".kernels-table .first-bad", { hasText: "6.10" }).waitFor();
    assertEquals(new URL(page.url()).pathname, "/tests/a%2Fbad");
    await page.locator(".registers tr.differs", { hasText: "rax" }).waitFor();
    await page.goBack();
    await page.locator("#runs tbody a").first().click();
    assertMatch(new URL(page.url()).pathname, /^\/runs\/\d+$/);
    await page.getByLabel("only what failed").check();
    await page.locator(".attempts tbody tr").first().waitFor();
    await page.locator(".attempts tbody tr", { hasText: "a/good" }).waitFor({ state: "detached" });
    assertEquals(await page.locator(".attempts .test-name").allInnerTexts(), ["a/bad"]);
    await page.locator("#search").fill("FLAKY b");
    await page.locator("#search").press("Enter");
    await page.locator(".days .test-name").first().waitFor();
    assertEquals(await page.locator(".days .test-name").allInnerTexts(), ["b/flaky"]);
    assertStringIncludes(
      await page.locator(".days td", { hasText: "failed 1 of 3" }).innerText(),
      "failed 1 of 3",
    );
    // A link that somebody has sent.
    await page.goto(`${url}tests/${encodeURIComponent("a/good")}`);
    await page.locator(".details h3", { hasText: "a/good" }).first().waitFor();
  },
);

/** Views, what is there when one is ready, and whether it is looked at in the dark as well. */
const VIEWS = [
  { path: "", ready: "#failing .item", dark: true },
  { path: "tests", ready: ".days .test-name", dark: false },
  { path: "tests/a%2Fbad", ready: ".details h3", dark: true },
  { path: "runs/3", ready: ".attempts .test-name", dark: false },
];

livePageTest(
  "every view passes axe, light and dark, and clips nothing at 390 pixels",
  { history: month },
  async ({ page, url, history }) => {
    await history.beat(await history.addRun(runOn(1, { startedAt: new Date().toISOString() })), 9);
    await page.locator(".run-card").waitFor();
    for (const { path, ready, dark } of VIEWS) {
      await page.setViewportSize({ width: 1280, height: 800 });
      await page.goto(url + path);
      await page.locator(ready).first().waitFor();
      assertEquals(await violations(page), [], path);
      if (dark) {
        await page.emulateMedia({ colorScheme: "dark" });
        assertEquals(
          await page.evaluate("getComputedStyle(document.body).backgroundColor"),
          "rgb(21, 24, 28)",
        );
        assertEquals(await violations(page), [], path);
        await page.emulateMedia({ colorScheme: "light" });
      }
      await page.setViewportSize({ width: 390, height: 800 });
      assertEquals(await clipped(page), [], path);
      assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 390, path);
    }
    assertEquals(await lackingLetters(page, ["runner/serve/app", "runner/report-page/app"]), []);
  },
);

const TOKEN = "the-token-of-this-team";

livePageTest(
  "behind a token the page and its stream work in a browser that has it",
  {
    history: month,
    httpCredentials: { username: "me", password: TOKEN },
    place: { "token-file": scratch.file("token") },
  },
  async ({ page, history, said }) => {
    await page.locator(".standing.up").waitFor();
    await history.beat(await history.addRun(runOn(1, { startedAt: new Date().toISOString() })), 2);
    await page.locator(".run-card").waitFor();
    assert(!(await page.content()).includes(TOKEN));
    assertEquals(said, []);
  },
);

livePageTest(
  "a failed attempt shows the end of its trace, if this machine has it",
  {
    async history(history) {
      const trace = join(traces, "crash");
      run([...TICKPROOF, "record", "-q", "-o", trace, "--", "sh", "-c", "echo before; kill -SEGV $$"]);
      await addRun(history, runOn(1, { host: hostname(), startedAt: new Date().toISOString() }), [
        { test: "a/crash", verdict: "fail", reason: "death by SIGSEGV", detail: { trace } },
      ]);
    },
  },
  async ({ page }) => {
    await page.locator("#failing a", { hasText: "a/crash" }).click();
    await page.locator(".events .wide", { hasText: "signal SIGSEGV" }).waitFor();
    assertEquals(await page.locator(".command code").innerText(), "tickproof replay crash");
    assert(!(await page.locator(".failed-attempt").innerText()).includes(traces));
  },
);

/** Starts the command; resolved with its address when it says that it serves. */
async function started(words: readonly string[], environment: Record<string, string>) {
  const child = Bun.spawn([...TICKPROOF, "serve", "--port", "0", ...words], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, ...environment },
  });
  let said = "";
  const reader = child.stderr.getReader();
  const read = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    said += Buffer.from(value ?? []).toString();
    return !done;
  };
  while (!/ at (http\S+)\n/.test(said)) {
    if (!(await read())) throw new Error(`it ended: ${said}`);
  }
  const [, url = ""] = / at (http\S+)\n/.exec(said) ?? [];
  const end = async (signal: "SIGINT" | "SIGTERM") => {
    child.kill(signal);
    while (await read());
    return { code: await child.exited, said };
  };
  // A test that fails before it ends the server leaves none.
  return { url, end, [Symbol.dispose]: () => child.kill("SIGKILL") };
}

test(
  "tickproof serve --demo has something to look at, and leaves nothing when it is ended, with a page open",
  async () => {
    const folder = scratch.file("demo");
    mkdirSync(folder);
    using server = await started(["--demo"], { TMPDIR: folder });
    const { url, end } = server;
    assertEquals(readdirSync(folder).length, 1);
    const { count } = (await (await fetch(new URL("/api/matrix", url))).json()) as { count: number };
    assert(count > 10, String(count));
    const stream = await fetch(new URL("/events", url));
    const { code, said } = await end("SIGINT");
    await stream.body?.cancel();
    assertEquals([code, readdirSync(folder)], [130, []]);
    assertEquals(said.split("\n").length, 2, said);
  },
  TEST_TIMEOUT,
);

test(
  "tickproof serve says what is wrong in one line and ends with 2; SIGTERM ends it with 143; no word has the token",
  async () => {
    const history = scratch.file("history.sqlite");
    using server = await started(["--token-file", scratch.file("token")], {
      TICKPROOF_HISTORY: history,
    });
    const { url, end } = server;
    assertEquals((await fetch(url)).status, 401);
    const { port } = new URL(url);
    const wrong = (words: readonly string[], part: string) => {
      const { exit, stderr } = run([...TICKPROOF, "serve", ...words], {
        environment: { TICKPROOF_HISTORY: history },
      });
      assertEquals([exit, stderr.trim().split("\n").length], [{ code: 2 }, 1], stderr);
      assertStringIncludes(stderr, part);
    };
    wrong(["--host", "0.0.0.0"], "lets other machines in");
    wrong(["--port", port], `port ${port} (EADDRINUSE)`);
    wrong(["--store", scratch.file("none.sqlite")], "there is no such file");
    wrong(["--store", "mysql://a/b"], "must be postgres://");
    wrong(["--demo", "--store", history], "exclude each other");
    const { code, said } = await end("SIGTERM");
    assertEquals(code, 143);
    assert(!said.includes(TOKEN), said);
  },
  TEST_TIMEOUT,
);
