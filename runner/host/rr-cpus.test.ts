import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { processorId } from "../../ffi/mod.ts";
import { rrCpu } from "./rr-cpus.ts";

const intel = (model: number) => rrCpu({ vendor: "GenuineIntel", family: 6, model, stepping: 0 });

test("rrCpu() names what rr takes a processor for", () => {
  assertEquals(intel(0x3c), { name: "Haswell", newer: false, needsFreezeOnSmi: false });
  // rr counts Knights Landing as a Silvermont.
  assertEquals(intel(0x57)?.name, "Silvermont");
  assertEquals(intel(0x8f), { name: "Sapphire Rapids", newer: true, needsFreezeOnSmi: true });
});

test("rrCpu() wants counters that stand still in SMM from Comet Lake on", () => {
  assertEquals(intel(0x9e)?.needsFreezeOnSmi, false);
  assertEquals(intel(0xa5)?.needsFreezeOnSmi, true);
});

test("rrCpu() refuses EPYC Turin, and what is neither Intel's nor AMD's", () => {
  // "AMD CPU type 0xf20 (ext family 0xb) unknown"
  const turin = processorId("AuthenticAMD", 0x00b0_0f21);
  assertEquals([turin.family, turin.model], [0x1a, 0x02]);
  assertEquals(rrCpu(turin), undefined);
  assertEquals(rrCpu({ ...turin, vendor: "CentaurHauls" }), undefined);
});
