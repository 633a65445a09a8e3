import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import type { Finding } from "../host/mod.ts";
import { shellTest } from "../run/_fixtures.ts";
import { forecast, type HostFacts } from "../run/mod.ts";
import { forecastJson, forecastText } from "./forecast.ts";
import { styleFor } from "./style.ts";

const yes = (evidence: string): Finding => ({ state: "yes", evidence });

/** What is known of two described hosts. */
function facts(host: string): HostFacts {
  const capabilities =
    host === "cloud-no-pmu"
      ? new Map<string, Finding>([
          ["perf-allowed", yes("level is 2")],
          ["hardware-events", { state: "no", evidence: "cycles: ENOENT" }],
        ])
      : new Map([["kvm-in-txcp-bug", yes("312 of 500 branches counted")]]);
  return { subject: host, capabilities, broken: new Map() };
}

const plain = shellTest("", { id: "core/alarm", name: "alarm" });
const gated = shellTest("", {
  id: "core/hle",
  name: "hle",
  conditions: {
    requires: [],
    unsupported: [{ when: ["kvm-in-txcp-bug"], engine: ["rr"], reason: "no", url: "https://example.org" }],
    flag: [],
    xfail: [{ when: [], engine: ["embedded"], reason: "not yet" }],
  },
});
const described = shellTest("", { id: "host/bug", name: "bug", host: "haswell-kvm-4.7" });

const all = { tests: [plain, gated, described], engines: ["embedded", "rr"] as const, force: false, facts };

test("forecastText() shows what each engine would do on a described host, and why", () => {
  const text = forecastText(forecast({ ...all, host: "haswell-kvm-4.7" }), styleFor(false));
  assertEquals(
    text,
    `what would happen on haswell-kvm-4.7
  test                           embedded  rr
  core/alarm                     run       run
  core/hle                       xfail     skip
  host/bug (on haswell-kvm-4.7)  run       skip

  embedded: xfail core/hle: not yet
  rr: skip core/hle: haswell-kvm-4.7 has 'kvm-in-txcp-bug' (312 of 500 branches counted): no https://example.org
  rr: skip host/bug: a described host needs the embedded engine

embedded: 2 run; 1 xfail
rr: 1 run; 2 skip
`,
  );
});

test("forecast() skips an engine that the host is none for, but for tests with a host of their own", () => {
  const { prospects } = forecast({ ...all, host: "cloud-no-pmu" });
  const rr = prospects.filter(({ engine }) => engine === "rr").map(({ decision }) => decision);
  assertEquals(
    rr.map((decision) => (decision.kind === "skip" ? decision.note.text : decision.kind)),
    [
      "cloud-no-pmu is no host for rr: hardware-events (cycles: ENOENT)",
      "cloud-no-pmu is no host for rr: hardware-events (cycles: ENOENT)",
      "a described host needs the embedded engine",
    ],
  );
});

test("forecastText() with force shows what is run all the same", () => {
  const spec = { ...all, tests: [gated], engines: ["rr"] as const, force: true, host: "haswell-kvm-4.7" };
  const text = forecastText(forecast(spec), styleFor(false));
  assertEquals(text.split("\n").at(2), "  core/hle  run, flagged");
});

test("forecastJson() has an entry for each test and engine", () => {
  const { tests } = JSON.parse(JSON.stringify(forecastJson(forecast({ ...all, host: "haswell-kvm-4.7" }))));
  assertEquals(tests.length, 6);
  assertEquals(tests[3], {
    id: "core/hle",
    engine: "rr",
    action: "skip",
    reasons: [
      {
        text: "haswell-kvm-4.7 has 'kvm-in-txcp-bug' (312 of 500 branches counted): no",
        capabilities: ["kvm-in-txcp-bug"],
        missing: [],
        url: "https://example.org",
      },
    ],
    missing: [],
  });
});
