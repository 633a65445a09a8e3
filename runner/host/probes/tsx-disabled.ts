import { identifyProcessor, microarchitecture } from "../../../ffi/mod.ts";
import type { Probe } from "../types.ts";
import { no, unknown, yes } from "./_finding.ts";

/** Microarchitectures that came with TSX, at least in some models. Intel SDM volume 1, chapter 16. */
const WITH_TSX: ReadonlySet<string> = new Set([
  "Haswell",
  "Broadwell",
  "Skylake",
  "Skylake-X",
  "Cascade Lake",
  "Kaby Lake",
  "Coffee Lake",
  "Coffee, Whiskey or Comet Lake",
  "Comet Lake",
  "Ice Lake",
  "Sapphire Rapids",
  "Emerald Rapids",
  "Granite Rapids",
]);
const MITIGATION = "/sys/devices/system/cpu/vulnerabilities/tsx_async_abort";

/** Microcode or the kernel has taken transactional memory away from a processor that was built with it. */
export const tsxDisabled: Probe = {
  name: "tsx-disabled",
  title: "microcode or the kernel has disabled TSX",
  kind: "fact",
  measures: `cpuid leaf 7 on processors that were built with TSX, and ${MITIGATION}`,
  threshold: "neither HLE nor RTM, or transactions that always abort",
  source:
    "Linux 6.18, arch/x86/kernel/cpu/tsx.c, tsx_init; Documentation/admin-guide/hw-vuln/tsx_async_abort.rst",
  gates: { engines: [], tests: [] },
  remedy: "boot with tsx=on, if the microcode lets it; TSX is off for its security holes",
  uses: ["hle", "rtm", "tsx-always-aborts"],
  run(host, found) {
    const cpu = identifyProcessor(host);
    const line = cpu.vendor === "GenuineIntel" ? microarchitecture(cpu)?.name : undefined;
    if (line === undefined || !WITH_TSX.has(line)) return no("not a processor that was built with TSX");
    const [hle, rtm, aborts] = ["hle", "rtm", "tsx-always-aborts"].map((name) => found.get(name)?.state);
    if (aborts === "yes") return yes(`${line}: every transaction aborts`);
    if (hle === "yes" || rtm === "yes") return no(`${line}: cpuid has it`);
    const mitigation = host.readFile(MITIGATION)?.trim();
    if (hle === undefined || rtm === undefined) return unknown("hle and rtm are not known");
    return yes(`${line}: cpuid has neither HLE nor RTM${mitigation ? ` (${mitigation})` : ""}`);
  },
};
