import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { createHostModel } from "../../engine/host/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { checkProfile, loadProfile, profileNames, unknownProcessor } from "./profiles.ts";

const FOLDER = join(import.meta.dir, "../../manifests/hosts");
const shipped = (name: string) => readFileSync(join(FOLDER, `${name}.yaml`), "utf8");
const KVM = shipped("haswell-kvm-4.7");

/** The error text for the profile of the bug with one part changed. */
function problems(from: string | RegExp, to: string): string {
  const text = KVM.replace(from, to);
  assert(text !== KVM);
  return assertThrows(() => checkProfile({ file: "p.yaml", text }), UsageError).message;
}

test("loadProfile() loads every profile that comes with tickproof, by the name of its file", () => {
  const names = profileNames();
  assert(names.length >= 15);
  for (const name of names) {
    const profile = loadProfile(name);
    assertEquals(profile.name, name);
    assert(profile.sources.length > 0);
  }
});

test("loadProfile() takes a path", () => {
  assertEquals(loadProfile(join(FOLDER, "knl.yaml")).name, "knl");
  assertThrows(() => loadProfile("./nowhere.yaml"), UsageError, "cannot read the profile './nowhere.yaml'");
});

test("loadProfile() names the host that was probably meant, or all", () => {
  assertThrows(() => loadProfile("haswel-kvm-4.7"), UsageError, "did you mean 'haswell-kvm-4.7'?");
  assertThrows(() => loadProfile("xyzzy-plugh"), UsageError, "; there are: alder-lake, ampere-altra, ");
  assertThrows(() => loadProfile(".."), UsageError, "no host is described as '..'");
});

test("checkProfile() fills in what is not given", () => {
  const profile = loadProfile("sandy-bridge-kvm");
  assertEquals(profile.cpu.tsx, { hle: false, rtm: false, alwaysAborts: false });
  assertEquals(profile.pmu.freezeOnSmi, undefined);
  assertEquals(loadProfile("haswell").hypervisor, { kind: "none" });
  assertEquals(profile.kernel.perfEventMaxSampleRate, 100_000);
});

test("checkProfile() points at unknown keys, also of one kind of hypervisor", () => {
  assertStringIncludes(problems("  skid:", "  skidd:"), "unknown key 'skidd': did you mean 'skid'?");
  assertStringIncludes(
    problems("  inTxCpFix:", "  inTxCpFixx:"),
    "unknown key 'inTxCpFixx': did you mean 'inTxCpFix'?",
  );
});

test("checkProfile() points at what is out of bounds", () => {
  assertStringIncludes(
    problems("counters: 4 #", "counters: 400 #"),
    "'counters': Too big: expected number to be <=16",
  );
  assertStringIncludes(problems("width: 48", "width: 64"), "p.yaml:22:10: 'width': Too big");
  assertStringIncludes(problems("skid: 100", "skid: -1"), "'skid': Too small");
  assertStringIncludes(problems("family: 6", "family: 1e300"), "'family'");
  assertStringIncludes(problems("width: 48", "width: .nan"), "'width'");
  assertStringIncludes(problems("kind: kvm", "kind: kvn"), "'kind'");
  assertStringIncludes(
    problems("hostKernel: 4.7.0", "hostKernel: newest"),
    "a release begins with two numbers",
  );
});

test("checkProfile() points at what can't be true at the same time", () => {
  const amd = problems("GenuineIntel", "AuthenticAMD");
  assertStringIncludes(amd, "processors of AMD have no TSX");
  assertStringIncludes(amd, "processors of AMD have no fixed counters");
  assertStringIncludes(problems("taken: 0", "taken: 5"), "no more counters can be taken than there are: 4");
  assertStringIncludes(
    problems("vpmu: true", "vpmu: false"),
    "a guest without a virtual PMU believes in no counters",
  );
});

/** Numbers that are the same in each run. */
function* numbers(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state >>> 8;
  }
}

test("a text that is damaged at random is refused with its places, or describes a host that answers", () => {
  const names = profileNames();
  const random = numbers(7);
  const next = (below: number) => (random.next().value as number) % below;
  const scraps = [
    "0",
    "-1",
    "99999999999",
    "true",
    "null",
    "[",
    "{}",
    ": ",
    "\n",
    "  ",
    "!!binary",
    "&a",
    "*a",
    "'",
    "1e9",
    "~",
  ];
  let accepted = 0;
  for (let round = 0; round < 600; round++) {
    let text = shipped(names[next(names.length)]!);
    for (let change = next(3); change >= 0; change--) {
      const at = next(text.length);
      text =
        text.slice(0, at) + (next(3) === 0 ? "" : scraps[next(scraps.length)]) + text.slice(at + next(3));
    }
    try {
      const host = createHostModel(checkProfile({ file: "damaged.yaml", text }));
      assertEquals(host.cpuid(0, 0).length, 4);
      accepted++;
    } catch (error) {
      assert(error instanceof UsageError, `${error}\n${text}`);
      assertStringIncludes(error.message, "damaged.yaml:");
    }
  }
  assert(accepted > 50 && accepted < 550, `${accepted} accepted`);
});

test("unknownProcessor() tells of a processor that no table has, and of no other", () => {
  for (const name of profileNames()) {
    assertEquals(unknownProcessor(loadProfile(name)) !== undefined, name === "apple-m-vm", name);
  }
  const unknown = checkProfile({ file: "p.yaml", text: KVM.replace("model: 0x3c", "model: 0xff") });
  assertStringIncludes(
    unknownProcessor(unknown) ?? "",
    "no table has the processor of 'haswell-kvm-4.7' (GenuineIntel family 0x06 model 0xff stepping",
  );
});
