import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fakeHost } from "../host/_fake-host.ts";
import { CAPABILITY_NAMES, examine, PROBES, probeOf } from "../host/mod.ts";
import { doctorJson, doctorText, explainText } from "./doctor.ts";
import { styleFor } from "./style.ts";

const plain = { style: styleFor(false), width: Number.POSITIVE_INFINITY };
const buggy = examine(
  fakeHost({ features: { ebx: 1 << 4 }, hypervisor: { signature: "KVMKVMKVM" }, pmu: { kvmBug: true } }),
);

test("doctorText() shows every probe with its mark, name, title, state and evidence", () => {
  const text = doctorText(buggy, plain);
  for (const { name, title } of PROBES) {
    assert(
      new RegExp(`\\n {2}[✓✗·–?] ${name} +${RegExp.escape(title)} +(yes|no|unknown) +\\S`).test(text),
      name,
    );
  }
  assert(/✗ kvm-in-txcp-bug +KVM drops ticks[^\n]*yes +312 of 500 branches counted/.test(text));
  assert(/· hle +the processor elides locks \(HLE\) +yes +cpuid has HLE/.test(text));
  assert(/\? ptrace +programs can be traced +unknown/.test(text));
});

test("doctorText() tells of problems with what they concern, remedy and source", () => {
  const text = doctorText(buggy, plain);
  assertStringIncludes(text, "1 problem\n  ✗ kvm-in-txcp-bug\n");
  assertStringIncludes(text, "\n    limits rr; concerns the test hle (unless rr-software-counters)\n");
  assertStringIncludes(text, "\n    remedy: update the kernel of KVM's host");
  assertStringIncludes(
    text,
    "\n    source: Linux 4.7, arch/x86/kvm/pmu.c, pmc_reprogram_counter; https://github.com/rr-debugger/rr/issues/1952\n",
  );
});

test("doctorText() ends with the verdicts, and what a description leaves open", () => {
  const [, verdicts = ""] = doctorText(buggy, plain).split("\nengines\n");
  assertStringIncludes(verdicts, "✓ rr: can record and replay there, as far as is told, with limits");
  assertStringIncludes(verdicts, "kvm-in-txcp-bug: 312 of 500 branches counted");
  assertStringIncludes(verdicts, "not known: ptrace, ptrace-sysemu");
  const none = doctorText(examine(fakeHost({ processor: "turin" })), plain);
  assertStringIncludes(none, "✗ rr: can't run there\n      cpu-known-to-rr: rr 5.10.0");
});

test("doctorText() keeps to narrow terminals, and breaks between words only", () => {
  for (const width of [40, 60, 80, 149, 150, 200]) {
    for (const line of doctorText(buggy, { style: styleFor(false), width }).split("\n")) {
      const words = line.trim().split(" ").length;
      assert(line.length <= width || words <= 2, `${width}: ${line}`);
    }
  }
});

test("doctorText() has colours in rich terminals only", () => {
  assert(!doctorText(buggy, plain).includes("\x1b"));
  assert(doctorText(buggy, { style: styleFor(true), width: 80 }).includes("\x1b[31m✗"));
});

test("explainText() shows a probe's whole record and finding", () => {
  const probe = probeOf("kvm-in-txcp-bug");
  assert(probe !== undefined);
  const text = explainText(probe, buggy.capabilities, plain);
  for (const part of [
    probe.title,
    probe.measures,
    probe.threshold,
    probe.remedy,
    probe.source,
    "pmu is yes",
  ]) {
    assertStringIncludes(text, part);
  }
  assertStringIncludes(text, "yes: 312 of 500 branches counted");
});

test("doctorJson() survives JSON, with all capabilities, problems and verdicts", () => {
  const json = JSON.parse(JSON.stringify(doctorJson(buggy)));
  assertEquals(Object.keys(json.capabilities), [...CAPABILITY_NAMES]);
  assertEquals(json.capabilities["kvm-in-txcp-bug"].state, "yes");
  assertEquals(json.capabilities["kvm-in-txcp-bug"].problem, true);
  assertEquals(json.problems.length, 1);
  assertEquals(json.problems[0].name, "kvm-in-txcp-bug");
  assertEquals(
    json.engines.map(({ engine, runs }: { engine: string; runs: boolean }) => [engine, runs]),
    [
      ["embedded", true],
      ["rr", true],
    ],
  );
});
