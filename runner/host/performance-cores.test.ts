import { test } from "bun:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import { currentCpu, getAffinity, type PerfSystem } from "../../ffi/mod.ts";
import { fakePerf } from "./_fake-host.ts";
import { onPerformanceCores } from "./performance-cores.ts";

/** Tells of the processors that a run may use, instead of running. */
function spy(): { perf: PerfSystem; masks: bigint[] } {
  const masks: bigint[] = [];
  return { masks, perf: { ...fakePerf(), run: () => [masks.push(getAffinity(0))] } };
}

test("onPerformanceCores() changes nothing where all cores are alike", () => {
  const { perf } = spy();
  assertStrictEquals(onPerformanceCores(perf, { readFile: () => undefined }), perf);
});

test("onPerformanceCores() runs on those cores, and puts the thread back where it was", () => {
  const { perf, masks } = spy();
  const before = getAffinity(0);
  const core = currentCpu();
  onPerformanceCores(perf, { readFile: () => `${core}\n` }).run([]);
  assertEquals(masks, [1n << BigInt(core)]);
  assertEquals(getAffinity(0), before);
});

test("onPerformanceCores() runs where it may, if it may use none of them", () => {
  const { perf, masks } = spy();
  const before = getAffinity(0);
  onPerformanceCores(perf, { readFile: () => "1000-1003\n" }).run([]);
  assertEquals(masks, [before]);
});
