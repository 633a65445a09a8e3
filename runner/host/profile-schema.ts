/** What a described host's profile may say: the bounds of every number, since anybody may write one. */
import { z } from "zod";
import type { HostProfile } from "../../engine/host/mod.ts";

const release = z
  .string()
  .max(64)
  .regex(/^\d{1,3}\.\d{1,3}[\w.+~-]*$/, "a release begins with two numbers: 4.7.0-generic");

/** More than any processor has; the model keeps fixed counters from index 32 on. */
const counters = z.int().min(0).max(16);
const fixedCounters = z.int().min(0).max(4);
const virtual = {
  vpmu: z.boolean().describe("the guest sees counters at all"),
  counters: counters.describe("general counters that the guest believes in; the host may have fewer"),
  fixedCounters: fixedCounters.describe("fixed counters that the guest believes in"),
};

const tsx = z.strictObject({
  hle: z.boolean().describe("prefixes of lock elision elide; else they are ignored"),
  rtm: z.boolean().describe("XBEGIN begins transactions"),
  alwaysAborts: z.boolean().describe("microcode aborts every transaction"),
  spuriousAfterSigstkflt: z
    .boolean()
    .optional()
    .describe("events of elided locks rise with a SIGSTKFLT, as the report of the IN_TXCP bug saw them"),
});

const cpuList = z
  .string()
  .max(64)
  .regex(/^\d+(-\d+)?(,\d+(-\d+)?)*$/, "a list of processors: 0-7,12");
const hybrid = z.strictObject({
  core: cpuList.describe("processors that are performance cores (cpu_core)"),
  atom: cpuList.describe("efficient cores (cpu_atom)"),
  lowpower: cpuList.optional().describe("cores of a low-power island (cpu_lowpower)"),
  pinned: z.boolean().default(true).describe("programs stay on performance cores; else they are moved about"),
});

const cpu = z.strictObject({
  vendor: z
    .enum(["GenuineIntel", "AuthenticAMD", "ARM", "Ampere", "Apple", "implementer 0x00"])
    .describe("who has made it; of aarch64 who has designed its cores, as MIDR_EL1 has it"),
  name: z.string().min(1).max(47).describe("model name, as /proc/cpuinfo has it"),
  family: z.int().min(4).max(270).describe("display family; may be written as 0x1a; 8 of aarch64"),
  model: z.int().min(0).max(0xfff).describe("up to 255; of aarch64 the part number, up to 0xfff"),
  stepping: z.int().min(0).max(255).describe("up to 15; of aarch64 variant and revision: 0x31 is r3p1"),
  cores: z.int().min(1).max(1024),
  tsx: tsx.default({ hle: false, rtm: false, alwaysAborts: false }),
  hybrid: hybrid.optional(),
  specLockMap: z.boolean().default(false).describe("AMD Zen: speculates on locks"),
  lse: z.boolean().optional().describe("aarch64: atomics are instructions of their own (LSE)"),
});

const pmu = z.strictObject({
  counters: counters.describe("general counters of each hardware thread"),
  fixedCounters: fixedCounters.describe("counters of instructions, cycles and reference cycles"),
  width: z.int().min(32).max(48).describe("bits of a counter"),
  version: z.int().min(0).max(6).describe("cpuid leaf 10; of AMD 2 with PerfMonV2, else 0"),
  skid: z.int().min(0).max(100_000).describe("most branches between an overflow and its interrupt"),
  taken: counters.default(0).describe("general counters that others hold, such as the NMI watchdog"),
  freezeOnSmi: z.boolean().optional().describe("/sys/devices/cpu/freeze_on_smi; not there if not given"),
});

const hypervisor = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({
    kind: z.literal("kvm"),
    hostKernel: release.describe("kernel of the machine below the guest"),
    inTxCpFix: z.boolean().describe("that kernel passes period 0 for checkpointed events"),
    mediated: z.boolean().optional().describe("the guest has the counters for itself while it runs"),
    architecturalOnly: z
      .boolean()
      .optional()
      .describe("only architectural events are let through; others stand still in silence"),
    below: z
      .strictObject({
        hostKernel: release.describe("kernel of the machine below that one"),
        inTxCpFix: z.boolean().describe("that kernel passes period 0 for checkpointed events"),
        counters: counters.describe("general counters that it lets its guest believe in"),
        fixedCounters: fixedCounters.describe("fixed counters that it lets its guest believe in"),
      })
      .optional()
      .describe("the machine below is a guest of KVM itself (nested virtualisation)"),
    ...virtual,
  }),
  z.strictObject({
    kind: z.literal("xen"),
    version: release,
    pmiOvercounts: z.boolean().describe("counters run on while an interrupt is delivered"),
    ...virtual,
  }),
  z.strictObject({ kind: z.literal("vmware"), version: release, ...virtual }),
  z.strictObject({ kind: z.literal("hyper-v"), version: release, ...virtual }),
]);

const kernel = z.strictObject({
  release: release.describe("what programs see: of a guest, the guest's"),
  perfEventParanoid: z.int().min(-1).max(4).default(2),
  perfEventMaxSampleRate: z.int().min(250).max(1_000_000).default(100_000),
  perfCpuTimeMaxPercent: z.int().min(0).max(100).default(25),
  perfEventRestrictsFrom: z
    .int()
    .min(3)
    .max(5)
    .default(4)
    .describe(
      "level from which on only CAP_SYS_ADMIN may count: 3 of Debian, 4 of Ubuntu, 5 (never) of mainline",
    ),
  privileged: z
    .union([z.boolean(), z.literal("CAP_PERFMON")])
    .default(false)
    .describe("whoever asks is root, or has CAP_PERFMON"),
  perfEventOpen: z
    .enum(["ENOSYS", "ENODEV", "EPERM"])
    .optional()
    .describe("what every perf_event_open answers: a kernel without it, or a container's seccomp profile"),
  ptraceScope: z.int().min(0).max(3).optional().describe("kernel.yama.ptrace_scope; no Yama if not given"),
  periodTakesEffectLate: z
    .boolean()
    .default(false)
    .describe("ioctl(PERIOD) waits for the next overflow, as before 3.14"),
  perfUserAccess: z
    .boolean()
    .optional()
    .describe("aarch64: kernel.perf_user_access, programs read counters without a system call"),
});

/** The document of a profile. */
export const profileSchema = z.strictObject({
  name: z
    .string()
    .max(64)
    .regex(/^[\w.-]+$/, "a name has letters, digits and . _ - only"),
  description: z.string().min(1).max(500),
  sources: z.array(z.string().min(1).max(500)).min(1).describe("where the facts come from"),
  cpu,
  pmu,
  hypervisor: hypervisor.default({ kind: "none" }),
  machine: z
    .strictObject({ vendor: z.string().min(1).max(64), product: z.string().min(1).max(64) })
    .optional()
    .describe("what DMI says of the machine"),
  kernel,
});

/** A checked document. */
export type ProfileDocument = z.infer<typeof profileSchema>;

/** The profile of a document: what was not given is undefined. */
export function toProfile(document: ProfileDocument): HostProfile {
  const { pmu: given, kernel: system } = document;
  return {
    ...document,
    pmu: { ...given, freezeOnSmi: given.freezeOnSmi },
    kernel: { ...system, ptraceScope: system.ptraceScope },
  };
}
