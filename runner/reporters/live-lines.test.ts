import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { shellTest } from "../run/_fixtures.ts";
import { bad, good, summary } from "./_fixtures.ts";
import { LiveLines, plainLine, SlowWatch } from "./live-lines.ts";

const one = shellTest("", { id: "shell/one", name: "one" });
const two = shellTest("", { id: "shell/two", name: "two" });

/** Lines with a clock of their own, and what they have written last. */
function lines(columns: number) {
  const shown = { text: "", clock: 0, live: undefined as unknown as LiveLines };
  shown.live = new LiveLines({
    write: (text) => {
      shown.text = text;
    },
    now: () => shown.clock,
    columns: () => columns,
    usual: ({ name }) => (name === "one" ? 4000 : 10_000),
    progress: (file) => (file === "/p" ? { events: 1234, ticks: 5_000_000 } : undefined),
  });
  return shown;
}

test("LiveLines has a bar with an estimate, and a line for each test that runs with events, ticks and time", () => {
  const shown = lines(200);
  const { live } = shown;
  live.show({ kind: "run-started", tests: [one, two], repeat: 1, jobs: 2 });
  live.show({ kind: "phase-started", test: one, attempt: 1, phase: "native" });
  live.show({ kind: "phase-started", test: two, attempt: 1, phase: "record", progress: "/p" });
  assertEquals(shown.text.split("\n")[0], "\r\x1b[1A\x1b[J[....................] 0/2 · about 7.00 s left");
  shown.clock = 1500;
  live.draw();
  assertEquals(
    shown.text,
    "\r\x1b[2A\x1b[J[....................] 0/2 · about 5.50 s left\n" +
      "  one  native  1.50 s  about 2.50 s left\n" +
      "  two  record  1.50 s  1,234 events  5,000,000 ticks  about 8.50 s left",
  );
  live.show({ kind: "attempt-finished", test: one, attempt: { ...bad, number: 1 } });
  assertEquals(
    shown.text,
    "\r\x1b[2A\x1b[J[##########..........] 1/2, 1 failed · about 4.25 s left\n" +
      "  two  record  1.50 s  1,234 events  5,000,000 ticks  about 8.50 s left",
  );
  live.show({ kind: "run-finished", summary });
  assertEquals(shown.text, "\r\x1b[1A\x1b[J");
});

test("LiveLines keeps to narrow terminals: no line is broken", () => {
  const shown = lines(20);
  shown.live.show({ kind: "run-started", tests: [one, two], repeat: 1, jobs: 2 });
  shown.live.show({ kind: "phase-started", test: two, attempt: 1, phase: "record", progress: "/p" });
  assertEquals(shown.text, "\r\x1b[J[.................…\n  two  record  0.0…");
});

test("plainLine() is a line for each attempt that has ended", () => {
  assertEquals(plainLine({ kind: "attempt-finished", test: one, attempt: good }), "pass shell/one 0.37 s\n");
  assertEquals(plainLine({ kind: "run-started", tests: [one], repeat: 1, jobs: 1 }), undefined);
});

test("a phase that takes long is SLOW while it runs: in its line, and once where there is no terminal", () => {
  const slow = { ...two, slowSeconds: 5 };
  const shown = lines(200);
  shown.live.show({ kind: "run-started", tests: [slow], repeat: 1, jobs: 1 });
  shown.live.show({ kind: "phase-started", test: slow, attempt: 1, phase: "native" });
  shown.clock = 4000;
  shown.live.show({ kind: "phase-started", test: slow, attempt: 1, phase: "record" });
  shown.clock = 9000;
  shown.live.draw();
  assertEquals(shown.text.split("\n").at(-1), "  two  record  9.00 s  about 1.00 s left");
  shown.clock = 9001;
  shown.live.draw();
  assertEquals(shown.text.split("\n").at(-1), "  two  record  SLOW  9.00 s  about 1.00 s left");

  let clock = 0;
  const watch = new SlowWatch(() => clock);
  for (const phase of ["native", "record"] as const) {
    watch.see({ kind: "phase-started", test: slow, attempt: 1, phase });
    clock += 5000;
    assertEquals(watch.look(), []);
  }
  clock++;
  assertEquals(watch.look(), ["SLOW shell/two: record takes longer than 5.00 s\n"]);
  assertEquals(watch.look(), []);
  watch.see({ kind: "phase-started", test: slow, attempt: 1, phase: "replay" });
  watch.see({ kind: "attempt-finished", test: slow, attempt: good });
  clock += 6000;
  assertEquals(watch.look(), []);
});
