import { test } from "bun:test";
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

test("cpu-known-to-rr is no for EPYC Turin, as rr itself says", () => {
  expectFindings("cpu-known-to-rr", [
    [{ processor: "haswell" }, "yes", "Haswell"],
    [{ processor: "zen3" }, "yes", "AMD Zen"],
    [{ processor: "turin" }, "no", "family 0x1a model 0x02 stepping 1 is in no release of rr"],
  ]);
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
