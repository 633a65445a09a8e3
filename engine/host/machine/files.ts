/** Files of /proc and /sys that tell of a described host. Source: the kernel's Documentation/ABI and proc(5). */
import { isAarch64, MIDR_FILE, PERF_TYPE } from "../../../ffi/mod.ts";
import { formatMask } from "../pmu/hw-config.ts";
import type { PmuLayout } from "../pmu/layout.ts";
import { ARM_UNIT, HYBRID_UNITS, kindsOf } from "../pmu/units.ts";
import type { HostProfile, Hypervisor } from "../profile.ts";
import { isAtLeast } from "../release.ts";
import { cpuInfo, midrOf } from "./cpuinfo.ts";
import type { Setting } from "./sysctls.ts";

type File = string | (() => string);

const EVENT_SOURCES = "/sys/bus/event_source/devices";
const TSX_STATE = "/sys/devices/system/cpu/vulnerabilities/tsx_async_abort";
/** Greatest precise level (`caps/max_precise`) on hardware. */
const MAX_PRECISE = 3;

/** Formats of the config's terms by vendor. arch/x86/events/{intel,amd}/core.c; drivers/perf/arm_pmuv3.c (6.10). */
const FORMATS: Readonly<Record<PmuLayout["vendor"], Readonly<Record<string, string>>>> = {
  GenuineIntel: {
    event: "config:0-7",
    umask: "config:8-15",
    edge: "config:18",
    pc: "config:19",
    inv: "config:23",
    cmask: "config:24-31",
  },
  AuthenticAMD: {
    event: "config:0-7,32-35",
    umask: "config:8-15",
    edge: "config:18",
    inv: "config:23",
    cmask: "config:24-31",
  },
  aarch64: { event: "config:0-15", long: "config1:0", rdpmc: "config1:1" },
};
const OPTIONAL_FORMATS: readonly (readonly [name: string, text: string, bit: bigint])[] = [
  ["any", "config:21", 21n],
  ["in_tx", "config:32", 32n],
  ["in_tx_cp", "config:33", 33n],
];
const EVENTS: Readonly<Record<PmuLayout["vendor"], Readonly<Record<string, string>>>> = {
  GenuineIntel: {
    "cpu-cycles": "event=0x3c",
    instructions: "event=0xc0",
    "branch-instructions": "event=0xc4",
    "branch-misses": "event=0xc5",
    "cache-references": "event=0x2e,umask=0x4f",
    "cache-misses": "event=0x2e,umask=0x41",
    "bus-cycles": "event=0x3c,umask=0x01",
    "ref-cycles": "event=0x00,umask=0x03",
  },
  AuthenticAMD: {
    "cpu-cycles": "event=0x76",
    instructions: "event=0xc0",
    "branch-instructions": "event=0xc2",
    "branch-misses": "event=0xc3",
    "cache-references": "event=0x60,umask=0xff",
    "cache-misses": "event=0x64,umask=0x09",
  },
  aarch64: {
    br_retired: "event=0x0021",
    br_mis_pred_retired: "event=0x0022",
    cpu_cycles: "event=0x0011",
    inst_retired: "event=0x0008",
    l1d_cache: "event=0x0004",
    l1d_cache_refill: "event=0x0003",
  },
};
/** What the machine says of itself by DMI: who has made it, and what it is. */
const PRODUCTS: Readonly<
  Record<Hypervisor["kind"], readonly [vendor: string, product: string, bios: string]>
> = {
  none: ["Described", "Described machine", "Described"],
  kvm: ["QEMU", "Standard PC (Q35 + ICH9, 2009)", "SeaBIOS"],
  xen: ["Xen", "HVM domU", "Xen"],
  vmware: ["VMware, Inc.", "VMware Virtual Platform", "Phoenix Technologies LTD"],
  "hyper-v": ["Microsoft Corporation", "Virtual Machine", "Microsoft Corporation"],
};
/** Where DMI is told of: the second is what the first leads to. drivers/firmware/dmi-id.c. */
const DMI = ["/sys/class/dmi/id", "/sys/devices/virtual/dmi/id"];

/** All processors, as the kernel lists them. */
function cpusOf({ cores }: HostProfile["cpu"]): string {
  return cores === 1 ? "0" : `0-${cores - 1}`;
}

/** Files of each PMU of the processor. */
function allPmuFiles({ cpu, pmu }: HostProfile, layout: PmuLayout): Record<string, File> {
  const { hybrid } = cpu;
  const smi = (name: string) =>
    pmu.freezeOnSmi === undefined
      ? {}
      : { [`/sys/devices/${name}/freeze_on_smi`]: pmu.freezeOnSmi ? "1" : "0" };
  if (layout.vendor === "aarch64") {
    const { name, type } = ARM_UNIT;
    const cpus = {
      [`${EVENT_SOURCES}/${name}/cpus`]: cpusOf(cpu),
      [`/sys/devices/${name}/cpus`]: cpusOf(cpu),
    };
    return { ...pmuFiles(layout, name, type), ...cpus };
  }
  if (hybrid === undefined) return { ...pmuFiles(layout, "cpu", PERF_TYPE.RAW), ...smi("cpu") };
  return Object.assign(
    {},
    ...kindsOf(cpu).map((kind) => {
      const { name, type } = HYBRID_UNITS[kind];
      const cpus = hybrid[kind] ?? "";
      const own = { [`${EVENT_SOURCES}/${name}/cpus`]: cpus, [`/sys/devices/${name}/cpus`]: cpus };
      return { ...pmuFiles(layout, name, type), ...own, ...smi(name) };
    }),
  );
}

function pmuFiles(layout: PmuLayout, name: string, type: number): Record<string, File> {
  const { vendor, precise } = layout;
  const cpu = `${EVENT_SOURCES}/${name}`;
  const mask = formatMask(layout);
  const formats = { ...FORMATS[vendor] };
  if (vendor === "GenuineIntel") {
    for (const [name, text, bit] of OPTIONAL_FORMATS) if ((mask >> bit) & 1n) formats[name] = text;
  }
  const files: Record<string, File> = {
    [`${cpu}/type`]: `${type}`,
    [`${cpu}/perf_event_mux_interval_ms`]: "4",
  };
  if (vendor !== "aarch64") {
    files[`${cpu}/rdpmc`] = "1";
    files[`${cpu}/caps/max_precise`] = `${vendor === "GenuineIntel" && precise ? MAX_PRECISE : 0}`;
  }
  if (layout.umask2) formats.umask = "config:8-15,40-47";
  for (const [field, text] of Object.entries(formats)) files[`${cpu}/format/${field}`] = text;
  for (const [event, text] of Object.entries(EVENTS[vendor])) files[`${cpu}/events/${event}`] = text;
  return files;
}

function hypervisorFiles({ hypervisor, machine }: HostProfile): Record<string, File> {
  const files: Record<string, File> = {};
  const [usualVendor, usualProduct, bios] = PRODUCTS[hypervisor.kind];
  const { vendor = usualVendor, product = usualProduct } = machine ?? {};
  for (const folder of DMI) {
    files[`${folder}/sys_vendor`] = vendor;
    files[`${folder}/product_name`] = product;
    files[`${folder}/chassis_vendor`] = vendor;
    files[`${folder}/bios_vendor`] = bios;
    files[`${folder}/modalias`] = `dmi:bvn${bios}:svn${vendor}:pn${product}:`.replaceAll(" ", "");
  }
  if (hypervisor.kind !== "xen") return files;
  const [, major = "0", minor = "0", extra = ""] = /^(\d+)\.(\d+)(.*)$/.exec(hypervisor.version) ?? [];
  const folder = "/sys/hypervisor";
  return {
    ...files,
    [`${folder}/type`]: "xen",
    [`${folder}/version/major`]: major,
    [`${folder}/version/minor`]: minor,
    [`${folder}/version/extra`]: extra,
  };
}

/** The command line that the kernel was started with. */
export function commandLine({ kernel }: HostProfile): string {
  return `BOOT_IMAGE=/boot/vmlinuz-${kernel.release} root=/dev/vda1 ro console=ttyS0`;
}

/** First release with kernel.perf_user_access. Documentation/arch/arm64/perf.rst; drivers/perf/arm_pmuv3.c (6.10). */
const USER_ACCESS_RELEASE = [5, 17] as const;

function kernelFiles(profile: HostProfile, settings: ReadonlyMap<string, Setting>): Record<string, File> {
  const { kernel, pmu, cpu } = profile;
  const arm = isAarch64(cpu);
  const sys = "/proc/sys/kernel";
  const version = "#1 SMP PREEMPT_DYNAMIC";
  const cpus = cpusOf(cpu);
  return {
    "/proc/version": `Linux version ${kernel.release} (described@host) (gcc) ${version}`,
    [`${sys}/ostype`]: "Linux",
    [`${sys}/osrelease`]: kernel.release,
    [`${sys}/version`]: version,
    ...Object.fromEntries([...settings].map(([path, { read }]) => [path, () => `${read()}`])),
    "/proc/cmdline": commandLine(profile),
    [`${sys}/perf_event_mlock_kb`]: "516",
    [`${sys}/perf_event_max_stack`]: "127",
    [`${sys}/nmi_watchdog`]: `${pmu.taken > 0 ? 1 : 0}`,
    ...(kernel.ptraceScope !== undefined && { [`${sys}/yama/ptrace_scope`]: `${kernel.ptraceScope}` }),
    "/sys/devices/system/cpu/online": cpus,
    "/sys/devices/system/cpu/possible": cpus,
    "/sys/devices/system/cpu/present": cpus,
    ...(arm && { [MIDR_FILE]: midrOf(cpu) }),
    ...(arm &&
      isAtLeast(kernel.release, USER_ACCESS_RELEASE) && {
        [`${sys}/perf_user_access`]: kernel.perfUserAccess ? "1" : "0",
      }),
  };
}

/** Vulnerability to what TSX was switched off for: Documentation/admin-guide/hw-vuln/tsx_async_abort.rst. */
function tsxState({ cpu }: HostProfile): string {
  if (cpu.vendor !== "GenuineIntel" || (!cpu.tsx.hle && !cpu.tsx.rtm && !cpu.tsx.alwaysAborts))
    return "Not affected";
  return cpu.tsx.alwaysAborts
    ? "Mitigation: TSX disabled"
    : "Vulnerable: Clear CPU buffers attempted, no microcode";
}

/** Files and folders of a described host. */
export interface HostFiles {
  read(path: string): string | undefined;
  list(path: string): readonly string[] | undefined;
}

/**
 * The files of a described host.
 *
 * @param layout Counters that the kernel of programs sees; undefined for none.
 * @param settings Files whose value changes as it is written.
 */
export function hostFiles(
  profile: HostProfile,
  layout: PmuLayout | undefined,
  settings: ReadonlyMap<string, Setting>,
): HostFiles {
  const files = new Map<string, File>(
    Object.entries({
      ...kernelFiles(profile, settings),
      ...hypervisorFiles(profile),
      ...(layout && allPmuFiles(profile, layout)),
      [TSX_STATE]: tsxState(profile),
      [`${EVENT_SOURCES}/software/type`]: `${PERF_TYPE.SOFTWARE}`,
      "/proc/cpuinfo": cpuInfo(profile),
    }),
  );
  return {
    read(path) {
      const file = files.get(path);
      return file === undefined ? undefined : `${typeof file === "string" ? file : file()}\n`;
    },
    list(path) {
      const folder = path.endsWith("/") ? path : `${path}/`;
      const inside = [...files.keys()].filter((name) => name.startsWith(folder));
      const names = new Set(inside.map((name) => name.slice(folder.length).replace(/\/.*/s, "")));
      return names.size === 0 ? undefined : [...names].sort();
    },
  };
}
