import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { processorId } from "../../ffi/mod.ts";
import { RR_RELEASES, type RrRelease } from "./rr-processors.ts";
import { isSince, learnt, releaseOf, rrCpu, wantsFreezeOnSmi } from "./rr-versions.ts";

const intel = (model: number) => ({ vendor: "GenuineIntel", family: 6, model, stepping: 0 });
const amd = (family: number, model: number) => ({ vendor: "AuthenticAMD", family, model, stepping: 0 });
const arm = (vendor: string, model: number) => ({ vendor, family: 8, model, stepping: 0 });

/** What each release takes a processor for: "-" where it refuses it, "!" before what it takes it for wrongly. */
function through(cpu: Parameters<typeof learnt>[0]): string[] {
  return RR_RELEASES.map((release) => {
    const known = rrCpu(release, cpu);
    return known === undefined ? "-" : `${known.unusable === undefined ? "" : "!"}${known.name}`;
  });
}

test.each([
  ["Haswell", intel(0x3c), ["Haswell", "Haswell", "Haswell", "Haswell", "Haswell"]],
  ["Knights Landing, counted as a Silvermont", intel(0x57), Array(5).fill("Silvermont")],
  ["Apollo Lake", intel(0x5c), ["-", "Goldmont", "Goldmont", "Goldmont", "Goldmont"]],
  ["Jasper Lake", intel(0x9c), ["-", "Goldmont", "Tremont", "Tremont", "Tremont"]],
  ["Sapphire Rapids", intel(0x8f), ["-", ...Array(4).fill("Sapphire Rapids")]],
  ["Emerald Rapids", intel(0xcf), ["-", "-", ...Array(3).fill("Emerald Rapids")]],
  ["Snow Ridge", intel(0x86), ["-", "-", "!Ice Lake", "!Ice Lake", "!Ice Lake"]],
  ["Meteor Lake", intel(0xaa), ["-", "-", "-", "Meteor Lake", "Meteor Lake"]],
  // Its cores are those of Meteor Lake, whose kernel masks what rr's event has beyond theirs.
  ["Arrow Lake-U", intel(0xb5), ["-", "-", "-", "-", "Arrow Lake"]],
  ["Alder Lake-N", intel(0xbe), ["-", "-", "-", "-", "Gracemont"]],
  ["Lunar Lake", intel(0xbd), ["-", "-", "-", "-", "Lunar Lake"]],
  ["Granite Rapids", intel(0xad), ["-", "-", "-", "-", "Granite Rapids"]],
  ["Sierra Forest", intel(0xaf), Array(5).fill("-")],
  ["Rome", amd(0x17, 0x31), ["AMD Zen", "AMD Zen", "AMD Zen", "AMD Zen 2", "AMD Zen 2"]],
  ["Milan", amd(0x19, 0x01), ["AMD Zen", "AMD Zen", "AMD Zen", "AMD Zen 3", "AMD Zen 3"]],
  ["Genoa", amd(0x19, 0x11), ["AMD Zen", "AMD Zen", "AMD Zen", "AMD Zen 2", "AMD Zen 2"]],
  ["Raphael", amd(0x19, 0x61), ["-", "AMD Zen", "AMD Zen", "AMD Zen 4", "AMD Zen 4"]],
  ["Hawk Point", amd(0x19, 0x75), ["-", "-", "AMD Zen", "AMD Zen 4", "AMD Zen 4"]],
  ["Granite Ridge, counted as a Zen 3", amd(0x1a, 0x44), ["-", "-", "-", "AMD Zen 3", "AMD Zen 3"]],
  ["Strix Point", amd(0x1a, 0x24), ["-", "-", "-", "AMD Zen 5", "AMD Zen 5"]],
  ["Krackan Point", amd(0x1a, 0x60), ["-", "-", "-", "-", "AMD Zen 5"]],
  ["Strix Halo", amd(0x1a, 0x70), ["-", "-", "-", "-", "AMD Zen 5"]],
  ["EPYC Turin", amd(0x1a, 0x02), ["-", "-", "-", "!AMD Family 15h", "!AMD Family 15h"]],
  ["EPYC Turin with dense cores", amd(0x1a, 0x11), Array(5).fill("-")],
  ["a Zen 6 of model 0x50, counted as a Zen 3", amd(0x1a, 0x50), ["-", "-", "-", "AMD Zen 3", "AMD Zen 3"]],
  ["Steamroller", amd(0x15, 0x30), Array(5).fill("AMD Family 15h")],
  ["Piledriver", amd(0x15, 0x02), ["-", "-", "-", "AMD Family 15h", "AMD Family 15h"]],
  ["Graviton 2", arm("ARM", 0xd0c), Array(5).fill("ARM Neoverse N1")],
  ["Graviton 3", arm("ARM", 0xd40), Array(5).fill("ARM Neoverse V1")],
  ["Graviton 4", arm("ARM", 0xd4f), ["-", "-", "-", "ARM Neoverse V2", "ARM Neoverse V2"]],
  ["Azure's Cobalt 100", arm("Microsoft", 0xd49), Array(5).fill("-")],
  ["a Cortex-A720", arm("ARM", 0xd81), ["-", "-", "-", "-", "ARM Cortex A720"]],
  ["AmpereOne", arm("Ampere", 0xac3), ["-", "-", "-", "AmpereOne", "AmpereOne"]],
  ["M1 Max", arm("Apple", 0x28), ["-", ...Array(4).fill("Apple M1 Icestorm")]],
  ["a Cortex-A55, whose branches can't be counted", arm("ARM", 0xd05), Array(5).fill("!ARM Cortex A55")],
  ["a vendor that rr refuses", { ...amd(0x1a, 0x02), vendor: "CentaurHauls" }, Array(5).fill("-")],
] as const)("rrCpu() of %s goes by the release", (_, cpu, expected) => {
  assertEquals(through(cpu), [...expected]);
});

test("rrCpu() says what follows from taking a processor for another one", () => {
  const turin = processorId("AuthenticAMD", 0x00b0_0f21);
  assertEquals([turin.family, turin.model], [0x1a, 0x02]);
  const reason = rrCpu("5.9.0", turin)?.unusable ?? "";
  assertStringIncludes(reason, "it is EPYC Turin (Zen 5): rr counts taken branches");
  assertStringIncludes(reason, "SpecLockMap");
  assertStringIncludes(rrCpu("5.9.0", intel(0x86))?.unusable ?? "", "it is Tremont");
});

test("learnt() is the first release whose ticks are right", () => {
  const cases: [Parameters<typeof learnt>[0], RrRelease | undefined][] = [
    [intel(0x3c), "5.6.0"],
    [intel(0xcf), "5.8.0"],
    [amd(0x1a, 0x02), undefined],
    [arm("ARM", 0xd4f), "5.9.0"],
  ];
  for (const [cpu, release] of cases) assertEquals(learnt(cpu), release);
  assertEquals(learnt(intel(0x3c), "5.8.0"), "5.8.0");
});

test("every case of rr's has another name, or counts what tickproof counts, or says why not", () => {
  // What rr knows of each model that tickproof has a core for: nothing may be wrong in silence.
  const wrong = (["5.9.0", "5.10.0"] as const).flatMap((release) =>
    [...Array(256).keys()].flatMap((model) => {
      const known = rrCpu(release, intel(model));
      return known?.unusable === undefined ? [] : [`${release} 0x${model.toString(16)} ${known.name}`];
    }),
  );
  assertEquals(wrong, ["5.9.0 0x86 Ice Lake", "5.10.0 0x86 Ice Lake"]);
});

test("wantsFreezeOnSmi() is for Comet Lake and newer", () => {
  for (const model of [0x3c, 0x55, 0x9e, 0x5f, 0x9c]) assert(!wantsFreezeOnSmi(intel(model)));
  for (const model of [0xa5, 0x6a, 0x8f, 0xad, 0xaf]) assert(wantsFreezeOnSmi(intel(model)));
});

test("releaseOf() finds the row of a version", () => {
  assertEquals(releaseOf("5.6.0"), "5.6.0");
  assertEquals(releaseOf("5.6.0-git"), "5.6.0");
  assertEquals(releaseOf("5.8.0"), "5.8.0");
  assertEquals(releaseOf("5.10.0"), "5.10.0");
  assertEquals(releaseOf("5.11.0"), "5.10.0");
  assertEquals(releaseOf("6.0"), "5.10.0");
  assertEquals(releaseOf("5.5.0"), undefined);
});

test("isSince() goes by the order of releases", () => {
  assertEquals(
    [isSince("5.8.0", "5.7.0"), isSince("5.8.0", "5.8.0"), isSince("5.9.0", "5.10.0")],
    [true, true, false],
  );
});
