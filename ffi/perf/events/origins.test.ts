/** Every code of the tables against the lists that it comes from. */
import { test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CORES, type CoreEvents, type CoreName } from "./cores.ts";
import { EVENT_LISTS, VENDOR_NAMES } from "./origins.ts";
import { codeOf, findVendorEvent, vendorEvents, vendorList } from "./vendor-list.ts";

const RR = { list: "rr", unit: "cpu" } as const;

function isAmd(core: CoreName): boolean {
  return /^Zen|^(Bulldozer|Piledriver|Steamroller|Excavator)$/.test(core);
}

function architectureOf(core: CoreName): "Intel" | "AMD" | "aarch64" {
  if (isAmd(core)) return "AMD";
  return /^(Neoverse|Ampere)|storm$|Avalanche|Blizzard/.test(core) ? "aarch64" : "Intel";
}

/** Codes that a core's own list, or rr's, gives for one of tickproof's names. */
function codesInLists(core: CoreName, name: string): bigint[] {
  const names = VENDOR_NAMES[name];
  assert(names, `no vendor's name is known of ${name}`);
  const vendor = architectureOf(core);
  const ofVendor = names.vendor.flatMap((each) => findVendorEvent(EVENT_LISTS[core], each) ?? []);
  const ofRr = names.rr
    .filter((each) => each.startsWith("AMD") === isAmd(core))
    .flatMap((each) => findVendorEvent(RR, each) ?? []);
  return (ofVendor.length > 0 ? ofVendor : ofRr).map(({ terms }) => codeOf(terms, vendor));
}

const CASES = Object.entries(CORES).flatMap(([core, events]) =>
  Object.entries(events as CoreEvents).map(([name, code]) => [core as CoreName, name, code] as const),
);

test.each(CASES)("%s: the code of %s is that of its list", (core, name, code) => {
  const codes = codesInLists(core, name);
  assert(
    codes.includes(code),
    `${core} ${name} is 0x${code.toString(16)}: lists have ${codes.map((each) => `0x${each.toString(16)}`)}`,
  );
});

test("ticks are what rr counts, on every core that rr knows", () => {
  const known = vendorEvents(RR).filter(({ name }) => name in CORES || /^AMD Zen/.test(name));
  assert(known.length >= 12);
  for (const { name, terms } of known) {
    const core = (name.startsWith("AMD ") ? name.slice(4) : name) as CoreName;
    const events: CoreEvents = CORES[core];
    assertEquals(events["retired-conditional-branches"], codeOf(terms, isAmd(core) ? "AMD" : "Intel"), name);
  }
});

test("every list says which file and version it is of, and all of its lines can be read", () => {
  const files = readdirSync(join(import.meta.dir, "data"), { recursive: true, encoding: "utf8" });
  for (const file of files.filter((name) => name.endsWith(".tsv"))) {
    const { origin, events } = vendorList(file.replace(/\.tsv$/, ""));
    assertMatch(
      origin,
      /(tools\/perf\/pmu-events\/arch\/(x86|arm64)\/|drivers\/perf\/apple_m1_cpu_pmu\.c|src\/PerfCounters\.cc)/,
      file,
    );
    assertMatch(origin, /Linux (6\.1|6\.10|6\.18|at [0-9a-f]{12})|rr at [0-9a-f]{12}/, file);
    assert(events.length > 0);
    for (const { name, unit, terms } of events) {
      assertMatch(unit, /^cpu(_core|_atom)?$/, `${file} ${name}`);
      assertMatch(
        terms,
        /^event=0x[0-9a-f]+(,(umask|edge|any|inv|cmask|ldlat|frontend)=0x[0-9a-f]+)*$/,
        `${file} ${name}`,
      );
    }
  }
});

test("every core has a list, and every list is that of a core or of its relatives", () => {
  assertEquals(Object.keys(EVENT_LISTS).sort(), Object.keys(CORES).sort());
});

test("findVendorEvent() takes names as perf and libpfm write them", () => {
  const list = EVENT_LISTS.Haswell;
  const code = (name: string) => findVendorEvent(list, name)?.terms;
  assertEquals(code("BR_INST_RETIRED.CONDITIONAL"), "event=0xc4,umask=0x1");
  assertEquals(code("br_inst_retired.conditional"), "event=0xc4,umask=0x1");
  assertEquals(code("BR_INST_RETIRED:CONDITIONAL"), "event=0xc4,umask=0x1");
  assertEquals(code("BR_INST_RETIRED.COND"), undefined);
  const later = (core: CoreName, name: string) => findVendorEvent(EVENT_LISTS[core], name)?.terms;
  assertEquals(later("Skylake", "BR_INST_RETIRED.COND"), "event=0xc4,umask=0x1");
  assertEquals(later("Zen 5", "ex_ret_ucode_instr"), "event=0x1c1");
  assertEquals(later("Lion Cove", "MEM_INST_RETIRED.ALL_LOADS"), "event=0xd0,umask=0x81");
  assertEquals(later("Crestmont", "CPU_CLK_UNHALTED.CORE"), "event=0x3c");
});

test("a list that is not there is an error", () => {
  assertThrows(() => vendorList("no-such-list"), Error, "no-such-list.tsv");
});
