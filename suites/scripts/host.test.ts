/** Scripts that ask the host, and the kernel's counters. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "tickproof";

/** Bytes of a page. */
const PAGE = 4096;

test("t.host tells what the host can do, with the evidence", (t) => {
  assertEquals(t.host.name, "live");
  const { state, evidence } = t.host.finding("ptrace");
  assertEquals([state, evidence.length > 0], ["yes", true]);
  assertThrows(() => t.host.has("ptrase"), RangeError, "did you mean 'ptrace'?");
});

test("t.counters() counts while a part of a script runs, and says what this host can't count", async (t) => {
  if (!t.host.has("software-events"))
    t.skip(`no software events: ${t.host.finding("software-events").evidence}`);
  const pages = 2000;
  const readings = await t.counters(["page-faults", "cycles"], () => {
    const memory = new Uint8Array(pages * PAGE);
    for (let page = 0; page < pages; page++) memory[page * PAGE] = 1;
  });
  const faults = readings["page-faults"];
  assert(faults?.state === "counted" && faults.value > 0n, Bun.inspect(faults));
  assertEquals(readings.cycles?.state === "not-supported", !t.host.has("pmu"));
});

test("t.counters() counts around a native run of a program", async (t) => {
  if (!t.host.has("software-events"))
    t.skip(`no software events: ${t.host.finding("software-events").evidence}`);
  const { path } = await t.compile("../programs/faults.c", ["-O1"]);
  let exit: number | null = null;
  const { "context-switches": switches } = await t.counters(["context-switches"], async () => {
    exit = await Bun.spawn([path], { stdout: "ignore" }).exited;
  });
  assertEquals(exit, 0);
  assert(switches?.state === "counted" && switches.value > 0n, Bun.inspect(switches));
});
