/** PMUs of a processor as event sources: one, or one for each kind of core. Source: Linux 6.18, arch/x86/events/intel/core.c. */
import { isAarch64, PERF_TYPE } from "../../../ffi/mod.ts";
import type { CoreKind, CpuProfile } from "../profile.ts";

/** Names and types of the PMUs of a hybrid processor; those behind the first have types that the kernel gives out. */
export const HYBRID_UNITS: Readonly<Record<CoreKind, { readonly name: string; readonly type: number }>> = {
  core: { name: "cpu_core", type: PERF_TYPE.RAW },
  atom: { name: "cpu_atom", type: 10 },
  lowpower: { name: "cpu_lowpower", type: 11 },
};

/** The one PMU of aarch64 with ACPI: its type is one that the kernel gives out. drivers/perf/arm_pmu_acpi.c, arm_pmu_acpi_probe. */
export const ARM_UNIT = { name: "armv8_pmuv3_0", type: 8 } as const;

/** Kinds of core that a processor has. */
export function kindsOf({ hybrid }: Pick<CpuProfile, "hybrid">): readonly CoreKind[] {
  if (hybrid === undefined) return ["core"];
  return hybrid.lowpower === undefined ? ["core", "atom"] : ["core", "atom", "lowpower"];
}

/** The kind of core whose PMU has a type; undefined if there is none. */
export function unitOf(cpu: Pick<CpuProfile, "hybrid" | "vendor">, type: number): CoreKind | undefined {
  if (isAarch64(cpu) && type === ARM_UNIT.type) return "core";
  return kindsOf(cpu).find((kind) => HYBRID_UNITS[kind].type === type);
}
