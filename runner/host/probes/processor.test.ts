import { test } from "bun:test";
import { assertMatch } from "@std/assert";
import { type FakeHost, fakeHost, rrOf } from "../_fake-host.ts";
import { capabilitiesOf } from "../capabilities.ts";
import { expectFindings } from "./_expect.ts";

const HLE = 1 << 4;
const RTM = 1 << 11;
const RTM_ALWAYS_ABORT = 1 << 11;

test("cpu-known names the processor and its event", () => {
  expectFindings("cpu-known", [
    [
      { processor: "haswell" },
      "yes",
      "GenuineIntel family 0x06 model 0x3c stepping 3: Haswell; ticks are event 0x1c4",
    ],
    [{ processor: "turin" }, "yes", "AuthenticAMD family 0x1a model 0x02 stepping 1"],
    [{ processor: "futureIntel" }, "no", "GenuineIntel family 0x06"],
  ]);
});

test("cpu-known-to-rr goes by the version of the rr that is installed", () => {
  expectFindings("cpu-known-to-rr", [
    [{ processor: "haswell" }, "yes", "Haswell to rr 5.6.0 and later"],
    [{ processor: "zen3" }, "yes", "AMD Zen"],
    [{ processor: "emeraldRapids", ...rrOf("5.6.0") }, "no", "rr 5.6.0 does not know Emerald Rapids ("],
    [{ processor: "emeraldRapids", ...rrOf("5.6.0") }, "no", "): 5.8.0 does"],
    [{ processor: "emeraldRapids", ...rrOf("5.7.0") }, "no", "): 5.8.0 does"],
    [{ processor: "emeraldRapids", ...rrOf("5.8.0") }, "yes", "Emerald Rapids to rr 5.8.0 and later"],
    [{ processor: "sapphireRapids", ...rrOf("5.7.0") }, "yes", "Sapphire Rapids"],
    [{ processor: "graniteRapids", ...rrOf("5.9.0") }, "no", "): 5.10.0 does"],
    [{ processor: "graniteRapids", ...rrOf("5.10.0") }, "yes", "Granite Rapids"],
    // "AMD CPU type 0xf20 (ext family 0xb) unknown"; later releases take it for a Piledriver.
    [{ processor: "turin", ...rrOf("5.6.0") }, "no", "rr 5.6.0 does not know EPYC Turin"],
    [{ processor: "turin", ...rrOf("5.9.0") }, "no", "for AMD Family 15h; it is EPYC Turin (Zen 5)"],
    [{ processor: "turinDense", ...rrOf("5.9.0") }, "no", "rr 5.9.0 does not know EPYC Turin"],
    [{ processor: "turin" }, "no", "rr 5.10.0, the newest release, takes"],
  ]);
});

test("cpu-known-to-rr says which rr to use instead", () => {
  const remedy = (made: FakeHost) =>
    capabilitiesOf(fakeHost(made), ["cpu-known-to-rr"]).get("cpu-known-to-rr")?.remedy ?? "";
  assertMatch(remedy({ processor: "emeraldRapids", ...rrOf("5.6.0") }), /^use rr 5\.8\.0 or later/);
  assertMatch(remedy({ processor: "graniteRapids", ...rrOf("5.9.0") }), /^use rr 5\.10\.0 or later/);
  assertMatch(remedy({ processor: "turin", ...rrOf("5.9.0") }), /rr -A 'AMD Zen'/);
});

test("rr-core-kind goes by the cores that may be used, and by rr's version", () => {
  const files = { "/sys/devices/cpu_core/cpus": "0-3\n" };
  const hybrid = { files, allowed: 0xffn };
  expectFindings("rr-core-kind", [
    [rrOf("5.6.0"), "yes", "all cores are of one kind"],
    [
      { ...hybrid, ...rrOf("5.9.0") },
      "no",
      "rr 5.9.0 records on any of 8 processors, and counts nothing on 4 of them",
    ],
    [{ ...hybrid, ...rrOf("5.10.0") }, "yes", "rr 5.10.0 prefers performance cores"],
    [{ files, allowed: 0x3n, ...rrOf("5.9.0") }, "yes", "performance cores alone"],
    [{ files, ...rrOf("5.9.0") }, "unknown", "not told"],
  ]);
  const found = capabilitiesOf(fakeHost({ ...hybrid, ...rrOf("5.9.0") }), ["rr-core-kind"]);
  assertMatch(found.get("rr-core-kind")?.remedy ?? "", /taskset -c 0-3 rr record/);
});

test("hle and rtm are what cpuid says", () => {
  expectFindings("hle", [
    [{ features: { ebx: HLE } }, "yes", "has HLE"],
    [{ features: { ebx: RTM } }, "no", "no HLE"],
  ]);
  expectFindings("rtm", [
    [{ features: { ebx: RTM } }, "yes", "has RTM"],
    [{ features: { ebx: HLE } }, "no", "no RTM"],
  ]);
});

test("tsx-always-aborts is what cpuid says", () => {
  expectFindings("tsx-always-aborts", [
    [{ features: { edx: RTM_ALWAYS_ABORT } }, "yes", "RTM_ALWAYS_ABORT"],
    [{}, "no", "RTM_ALWAYS_ABORT"],
  ]);
});

test("hle-ignored is yes without HLE, and where everything aborts", () => {
  expectFindings("hle-ignored", [
    [{}, "yes", "do nothing: cpuid has no HLE"],
    [{ features: { ebx: HLE } }, "no", "has HLE"],
    [{ features: { ebx: HLE, edx: RTM_ALWAYS_ABORT } }, "yes", "RTM_ALWAYS_ABORT"],
    [{ processor: "zen3" }, "yes", "no HLE"],
  ]);
});

test("tsx-disabled knows which processors were built with TSX", () => {
  const mitigation = "/sys/devices/system/cpu/vulnerabilities/tsx_async_abort";
  expectFindings("tsx-disabled", [
    [{ files: { [mitigation]: "Mitigation: TSX disabled\n" } }, "yes", "(Mitigation: TSX disabled)"],
    [{}, "yes", "Haswell: cpuid has neither HLE nor RTM"],
    [{ features: { ebx: HLE | RTM } }, "no", "Haswell: cpuid has it"],
    [{ features: { ebx: RTM, edx: RTM_ALWAYS_ABORT } }, "yes", "every transaction aborts"],
    [{ processor: "sandyBridge" }, "no", "not a processor that was built with TSX"],
    [{ processor: "zen3" }, "no", "not a processor that was built with TSX"],
  ]);
});
