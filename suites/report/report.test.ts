/** The report in a real browser: what it shows, by mouse, by keyboard, to screen readers, in light and dark. */
import { test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "playwright-core";
import { History } from "../../runner/history/mod.ts";
import { HOSTILE, someAttempts } from "../../runner/report-page/_fixtures.ts";
import type { PageData } from "../../runner/report-page/mod.ts";
import { pageTest } from "../_browser.ts";
import { clipped, lackingLetters, violations } from "../_page-checks.ts";
import { run, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";
import { columnsOf, failuresPage, manyPage, page, type Row, report, scratch } from "./_pages.ts";

const cell = (page: Page, test: string) =>
  page.locator(".matrix tr", { has: page.locator("th", { hasText: test }) }).locator("td[data-test]");

pageTest(
  "the matrix shows what came of each test, with its reason, which is never markup",
  page,
  async (page) => {
    assertStringIncludes(await cell(page, "core/alarm").innerText(), "ticks mismatch at event 12");
    assertStringIncludes(await cell(page, "core/hle").first().innerText(), "this host has no 'hle'");
    for (const one of await page.locator("td.verdict").all()) {
      const box = await one.boundingBox();
      assert(box !== null && box.x > 0 && box.width > 100, "every cell is to be seen");
    }
    assertStringIncludes(await cell(page, "core/spin").first().innerText(), HOSTILE);
    assertEquals([await page.title(), await page.locator("img").count()], ["tickproof report", 0]);
  },
);

pageTest(
  "a chosen test shows its figures, charts, and the divergence with registers and code",
  page,
  async (page) => {
    await cell(page, "core/alarm").click();
    const details = page.locator(".details");
    assertStringIncludes(await details.locator(".facts").innerText(), "20.0 % (3.6 % to 62.4 %; 1 of 5)");
    const charts = details.locator(".chart");
    assertEquals(await charts.locator(".title").allInnerTexts(), [
      "Ticks over repeats",
      "Distribution of ticks",
      "Durations",
    ]);
    assertEquals(await charts.locator("canvas").count(), 3);
    const differing = await details.locator(".registers tr.differs").allInnerTexts();
    assertEquals(
      differing.map((text) => text.split(/\s+/).slice(0, 3)),
      [
        ["ticks", "4,180,530", "4,240,512"],
        ["rax", "0x1", "0x2"],
      ],
    );
    assertMatch(await details.locator(".code tr.here").innerText(), /0x401009\s+0f 05\s+syscall/);
    await page.locator("#kernel").getByText("perf: interrupt took too long").waitFor();
  },
);

pageTest(
  "failures stand first, and the gravest is open: command, diff, source, stack, and the end of its trace",
  failuresPage,
  async (page) => {
    assertEquals(await page.locator("main section h2").first().innerText(), "Failures");
    const names = await page.locator(".failure strong").allInnerTexts();
    assertEquals(names, ["c/crash", "b/flaky"]);
    assertEquals(await page.locator(".failure[aria-pressed='true'] strong").innerText(), "c/crash");
    const panel = page.locator("#test");
    assertEquals(await panel.locator(".command code").innerText(), "tickproof replay c/crash");
    await panel.getByRole("button", { name: "Copy the command" }).click();
    const diff = await panel.locator(".diff .expected, .diff .found").allInnerTexts();
    assertEquals(
      diff.map((line) => line.trim()),
      ["-two", "+2"],
    );
    assertMatch(await panel.locator(".source .here").innerText(), /^→ +7 \| line 7/);
    assertMatch(await panel.locator(".stack tr").innerText(), /#0\s+deepest\s+a\.c:7/);
    assertStringIncludes(await panel.innerText(), "caught by recording 2 of at most 10");
    const events = await panel.locator(".events .wide").allInnerTexts();
    assertMatch(events.join("\n"), /signal SIGSEGV/);
    assert(!events.some((event) => /cpuid|rdtsc/.test(event)), "noise is left out");
    await page.locator(".failure").nth(1).click();
    assertStringIncludes(await panel.locator(".reasons").innerText(), "no compiler");
    assertEquals(await page.locator("#divergences.folded, #kernel.folded, #timeline.folded").count(), 3);
    assertEquals(await violations(page), []);
  },
);

pageTest("nothing is clipped at a width of 390 pixels", failuresPage, async (page) => {
  await page.setViewportSize({ width: 390, height: 800 });
  assertEquals(await page.evaluate("document.documentElement.scrollWidth"), 390);
  assertEquals(await clipped(page), []);
});

pageTest("overheads stand on a logarithmic axis, and rates are told apart", page, async (page) => {
  assertStringIncludes(await page.locator("#overview").innerText(), "Overheads of all tests");
  const heads = await page.locator(".figures thead th").allInnerTexts();
  assert(heads.includes("Failure rate") && heads.includes("Flake rate"), heads.join());
});

pageTest("a script's test shows its steps and those in them", page, async (page) => {
  await cell(page, "script/echo").click();
  assertEquals(await page.locator(".steps .steps li").innerText(), "– skip inner, 1.0 ms");
  assertMatch(await page.locator(".steps > li").first().innerText(), /^✓ pass records, 12 ms/);
});

pageTest(
  "arrows move in the matrix, Enter opens a test, and its heading has the focus",
  page,
  async (page) => {
    await page.keyboard.press("Tab");
    assertEquals(await page.evaluate("document.activeElement.textContent"), "Skip to the results");
    await page.locator(".matrix td[tabindex='0']").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    assertEquals(
      await page.evaluate("document.activeElement.parentElement.firstChild.textContent"),
      "core/hle",
    );
    assertEquals(await page.locator(".matrix td[tabindex='0']").count(), 1);
    await page.keyboard.press("Enter");
    assertStringIncludes(await page.locator(".details h3:focus").innerText(), "core/hle");
    assertEquals(await page.locator(".matrix td[aria-selected='true']").count(), 1);
  },
);

pageTest("the timeline has the signal, and zooms by keys, buttons and wheel", page, async (page) => {
  const range = page.locator("#timeline-range");
  const canvas = page.locator(".timeline canvas");
  const picture = () =>
    canvas.evaluate((element) => (element as unknown as { toDataURL(): string }).toDataURL());
  await canvas.scrollIntoViewIfNeeded();
  const [all, painted] = [await range.innerText(), await picture()];
  assertMatch(all, /^ticks 0 to [\d,]+ of [\d,]+: [\d,]+ events, \d+ tasks/);
  await canvas.focus();
  await page.keyboard.press("+");
  const zoomed = await range.innerText();
  assertNotEquals(zoomed, all);
  assertNotEquals(await picture(), painted);
  assertEquals(await page.locator("#live").innerText(), zoomed, "screen readers are told");
  await page.keyboard.press("ArrowRight");
  assertNotEquals(await range.innerText(), zoomed);
  await page.keyboard.press("0");
  assertEquals(await range.innerText(), all);
  await page.getByRole("button", { name: "Zoom in" }).click();
  assertEquals(await range.innerText(), zoomed);
  await page.getByRole("button", { name: "All of the trace" }).click();
  await canvas.hover();
  await page.mouse.wheel(0, -100);
  await range.filter({ hasNotText: all }).waitFor();
  await page.getByLabel("Axis of the timeline").selectOption("events");
  assertMatch(await range.innerText(), /^events 0 to /);
  const next = page.getByRole("button", { name: "Next: events" });
  while (!(await page.locator(".events td", { hasText: "signal SIGUSR1" }).count())) await next.click();
});

for (const colorScheme of ["light", "dark"] as const) {
  pageTest(
    `the page is ${colorScheme} as the system is, can be switched, and passes axe in both`,
    page,
    async (page) => {
      const paper = () => page.evaluate("getComputedStyle(document.body).backgroundColor");
      const [light, dark] = ["rgb(251, 251, 250)", "rgb(21, 24, 28)"];
      await cell(page, "core/alarm").click();
      assertEquals(await paper(), colorScheme === "light" ? light : dark);
      assertEquals(await violations(page), []);
      await page.locator("#theme").click();
      assertEquals(await paper(), colorScheme === "light" ? dark : light);
      assertEquals(await violations(page), []);
    },
    { colorScheme },
  );
}

pageTest(
  "10,000 results: few elements, also after filtering, sorting and turning pages",
  manyPage,
  async (page) => {
    const elements = () => page.evaluate("document.querySelectorAll('*').length") as Promise<number>;
    assert((await elements()) < 3000, `${await elements()} elements`);
    const rows = page.locator(".matrix tbody th");
    await page.getByRole("button", { name: "Next: tests" }).click();
    assertEquals(await rows.first().innerText(), "many/test-0040");
    await page.getByRole("button", { name: "Test", exact: true }).click();
    assertEquals(await page.locator(".figures tbody th").first().innerText(), "many/test-0999");
    await page.locator("#filter").fill("test-0777");
    assertEquals(await rows.allInnerTexts(), ["many/test-0777"]);
    assertEquals(await page.locator("#live").innerText(), "1 of 1,000 results");
    await page.locator("#filter").fill("");
    await page.locator(".matrix td[tabindex='0']").focus();
    await page.keyboard.press("PageDown");
    await page.keyboard.press("ArrowUp");
    assertEquals(
      await page.evaluate("document.activeElement.parentElement.firstChild.textContent"),
      "many/test-0039",
    );
    assert((await elements()) < 3000, `${await elements()} elements`);
  },
);

test(
  "tickproof report says what is wrong, ends with 2, and leaves no file",
  async () => {
    const output = scratch.file("none.html");
    const wrong = async (words: readonly string[], history?: string) => {
      const { exit, stderr } = await report(["-o", output, ...words], history);
      assertEquals([exit, existsSync(output)], [{ code: 2 }, false]);
      return stderr;
    };
    assertStringIncludes(await wrong([], scratch.file("no.sqlite")), "run 'tickproof suites' first");
    assert(!existsSync(scratch.file("no.sqlite")), "asking makes no history");
    assertStringIncludes(await wrong(["core/alarn"]), "did you mean 'core/alarm'");
    assertStringIncludes(await wrong(["--host", "nobody"]), "no attempt that is asked for");
    assertStringIncludes(await wrong(["--since", "soon"]), "--since takes a date");
    assertStringIncludes(await wrong(["--trace", scratch.file("nothing")]), "nothing");
    assertStringIncludes((await report(["-o", scratch.file("not/there.html")])).stderr, "--output");
    assertEquals(
      readdirSync(dirname(output)).filter((name) => name.endsWith(".new")),
      [],
    );
  },
  TEST_TIMEOUT,
);

test(
  "tickproof report takes the tests that are named, and the trace of the newest failure that is still there",
  async () => {
    const [path, trace, output] = ["kept.sqlite", "kept", "kept.html"].map((name) => scratch.file(name));
    assert(path && trace && output);
    run([...TICKPROOF, "record", "-q", "-o", trace, "--", "sh", "-c", "echo kept"]);
    {
      await using history = await History.open({ kind: "sqlite", path });
      const [first] = someAttempts() as [Row];
      const id = await history.addRun({ ...first, version: "0.1.0", bun: "1.4.5" });
      const failed = { ...columnsOf(first), verdict: "fail" };
      await history.addAttempt(id, { ...failed, detail: { trace } });
      await history.addAttempt(id, { ...failed, number: 2, detail: { trace: scratch.file("gone") } });
      await history.addAttempt(id, { ...columnsOf(first), test: "core/other", number: 3 });
    }
    assertEquals((await report(["-o", output, "alarm"], path)).exit, { code: 0 });
    const [, json = ""] =
      /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(readFileSync(output, "utf8")) ?? [];
    const { tests, timeline } = JSON.parse(json) as PageData;
    assertEquals([tests, timeline?.trace, timeline?.command], [["core/alarm"], trace, "sh -c echo kept"]);
  },
  TEST_TIMEOUT,
);

pageTest("the page has no letter that a plain Debian shows as an empty box", page, async (page) => {
  assertEquals(await lackingLetters(page, ["runner/report-page"]), []);
});
