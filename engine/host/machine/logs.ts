/** Logs of a described host: what its kernel said while it started, and what the kernel below refused. */
import { CORES, isAarch64, microarchitecture } from "../../../ffi/mod.ts";
import type { CountedLine } from "../model-api.ts";
import type { PmuLayout } from "../pmu/layout.ts";
import { ARM_UNIT } from "../pmu/units.ts";
import type { HostProfile } from "../profile.ts";
import type { Refusal } from "../vpmu.ts";
import { commandLine } from "./files.ts";

/** "[    0.004000] kvm_pmu: …", as dmesg shows it. */
export function logLine(line: string, nanoseconds: number): string {
  return `[${(nanoseconds / 1e9).toFixed(6).padStart(12)}] ${line}`;
}

/** How hypervisors are called at start. arch/x86/kernel/cpu/hypervisor.c, init_hypervisor_platform. */
const HYPERVISORS = { kvm: "KVM", xen: "Xen HVM", vmware: "VMware", "hyper-v": "Microsoft Hyper-V" } as const;

/**
 * Lines of a kernel's start that concern counters.
 * Source: Linux 6.18, init/main.c (linux_banner), arch/x86/kernel/cpu/hypervisor.c, arch/x86/events/core.c
 * (init_hw_perf_events, pmu_check_apic).
 */
export function bootLines(profile: HostProfile, layout: PmuLayout | undefined): string[] {
  const { cpu, hypervisor, kernel } = profile;
  const lines = [`Linux version ${kernel.release}`, `Command line: ${commandLine(profile)}`];
  // drivers/perf/arm_pmu.c, armpmu_register (6.10); the hypervisor is not told of.
  if (isAarch64(cpu)) {
    if (!layout) return lines;
    const counters = `${layout.general + layout.fixed} counters available`;
    return [...lines, `hw perfevents: enabled with ${ARM_UNIT.name} PMU driver, ${counters}`];
  }
  if (hypervisor.kind !== "none") lines.push(`Hypervisor detected: ${HYPERVISORS[hypervisor.kind]}`);
  const hex = (number: number) => `0x${number.toString(16)}`;
  lines.push(
    `smpboot: CPU0: ${cpu.name} (family: ${hex(cpu.family)}, model: ${hex(cpu.model)}, stepping: ${hex(cpu.stepping)})`,
  );
  if (!layout) return [...lines, "Performance Events: no PMU driver, software events only."];
  const line = microarchitecture(cpu);
  const events =
    line !== undefined && line.core in CORES ? `${line.name} events` : "generic architected perfmon";
  const vendor = layout.vendor === "GenuineIntel" ? "Intel" : "AMD";
  return [
    ...lines,
    `Performance Events: ${events}, ${vendor} PMU driver.`,
    `... version:                ${layout.version}`,
    `... bit width:              ${layout.width}`,
    `... generic registers:      ${layout.general}`,
    `... fixed-purpose events:   ${layout.fixed}`,
  ];
}

/** Different refusals that are told apart; the others are counted together. */
const TOLD_APART = 200;

/** What the kernel below has refused, said or not, with how often. */
export class Refusals {
  readonly #lines = new Map<string, { line: string; count: number }>();
  #others = 0;

  /** @param now Nanoseconds since the start. */
  add({ result, config, samplePeriod }: Refusal, now: number): void {
    const text = `kvm_pmu: event creation failed ${result} config=${config.toString(16)} sample_period=${samplePeriod}`;
    const known = this.#lines.get(text);
    if (known) known.count++;
    else if (this.#lines.size < TOLD_APART) this.#lines.set(text, { line: logLine(text, now), count: 1 });
    else this.#others++;
  }

  /** In the order of the first of each. */
  get lines(): readonly CountedLine[] {
    const lines = [...this.#lines.values()].map((each) => ({ ...each }));
    const others = { line: "kvm_pmu: event creation failed, with further periods", count: this.#others };
    return this.#others === 0 ? lines : [...lines, others];
  }
}
