import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { processorId } from "../../ffi/mod.ts";
import { isSince, releaseOf, rrCpu } from "./rr-versions.ts";

const intel = (model: number) => rrCpu({ vendor: "GenuineIntel", family: 6, model, stepping: 0 });

test("rrCpu() names what rr takes a processor for, and the first release that does", () => {
  assertEquals(intel(0x3c), { name: "Haswell", since: "5.6.0", needsFreezeOnSmi: false });
  // rr counts Knights Landing as a Silvermont.
  assertEquals(intel(0x57)?.name, "Silvermont");
  assertEquals(intel(0x8f), { name: "Sapphire Rapids", since: "5.7.0", needsFreezeOnSmi: true });
  assertEquals(intel(0xcf)?.since, "5.8.0");
  assertEquals(intel(0xaa)?.since, "5.9.0");
  assertEquals(intel(0xbd)?.since, "later");
});

test("rrCpu() wants counters that stand still in SMM from Comet Lake on", () => {
  assertEquals(intel(0x9e)?.needsFreezeOnSmi, false);
  assertEquals(intel(0xa5)?.needsFreezeOnSmi, true);
});

test("rrCpu() knows which processors rr takes for others, and what it refuses", () => {
  const turin = processorId("AuthenticAMD", 0x00b0_0f21);
  assertEquals([turin.family, turin.model], [0x1a, 0x02]);
  assertEquals([rrCpu(turin)?.name, rrCpu(turin)?.since], ["AMD Family 15h", "5.7.0"]);
  // Turin's dense cores: "AMD CPU type 0x10f10 (ext family 0xb) unknown".
  assertEquals(rrCpu({ ...turin, model: 0x11 }), undefined);
  assertEquals(rrCpu({ ...turin, vendor: "CentaurHauls" }), undefined);
});

test("releaseOf() finds the row of a version", () => {
  assertEquals(releaseOf("5.6.0"), "5.6.0");
  assertEquals(releaseOf("5.6.0-git"), "5.6.0");
  assertEquals(releaseOf("5.8.0"), "5.8.0");
  assertEquals(releaseOf("5.10.0"), "later");
  assertEquals(releaseOf("6.0"), "later");
  assertEquals(releaseOf("5.5.0"), undefined);
});

test("isSince() goes by the order of releases", () => {
  assertEquals(
    [isSince("5.8.0", "5.7.0"), isSince("5.8.0", "5.8.0"), isSince("5.8.0", "later")],
    [true, true, false],
  );
});
