import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import type { Attempt } from "../results/mod.ts";
import { shellTest } from "../run/_fixtures.ts";
import { attemptInfo } from "./attempt-info.ts";

const ATTEMPT: Attempt = {
  number: 2,
  engine: "embedded",
  verdict: { kind: "pass" },
  counts: { ticks: 7, events: 3 },
  milliseconds: { record: 12 },
};

test("attemptInfo() has the engine, the described host, and null for what is not known", () => {
  const info = attemptInfo(shellTest("true", { host: "skylake-kvm" }), ATTEMPT);
  assertEquals(
    [info.test, info.number, info.engine, info.describedHost],
    ["shell/test", 2, "embedded", "skylake-kvm"],
  );
  assertEquals([info.ticks, info.signals, info.recordMs, info.replayMs], [7, null, 12, null]);
  assertEquals(info.detail, null);
});

test("attemptInfo() keeps in its detail what a report shows of the attempt", () => {
  const detail = (more: Partial<Attempt>) => attemptInfo(shellTest("true"), { ...ATTEMPT, ...more }).detail;
  const kernelLog = ["perf: interrupt took too long"];
  assertEquals(detail({ kernelLog, trace: "/trace", folder: "/folder", counters: { branches: 5 } }), {
    kernelLog,
    counters: { branches: 5 },
    trace: "/trace",
  });
  assertEquals(detail({ kernelLog: [] }), null);
  const url = "https://example.org/1";
  assertEquals(detail({ verdict: { kind: "skip", reason: "no hle", missing: ["hle"], url } }), {
    url,
    missing: ["hle"],
  });
  const flags = [{ text: "ignored", capabilities: [], missing: [], url }];
  assertEquals(detail({ verdict: { kind: "pass", flags } }), { url });
});
