/** Files of /proc and /sys that tell of a described host. Source: the kernel's Documentation/ABI and proc(5). */
import { PERF_TYPE } from "../../../ffi/mod.ts";
import { formatMask } from "../pmu/hw-config.ts";
import type { PmuLayout } from "../pmu/layout.ts";
import type { HostProfile, Hypervisor } from "../profile.ts";
import { cpuInfo } from "./cpuinfo.ts";

type File = string | (() => string);

const EVENT_SOURCES = "/sys/bus/event_source/devices";
const TSX_STATE = "/sys/devices/system/cpu/vulnerabilities/tsx_async_abort";
/** Greatest precise level (`caps/max_precise`) on hardware. */
const MAX_PRECISE = 3;

/** Formats of the config's terms by vendor. arch/x86/events/{intel,amd}/core.c. */
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
};
/** Who the machine says that it is made by. */
const PRODUCTS: Readonly<Record<Hypervisor["kind"], readonly [vendor: string, product: string] | undefined>> =
  {
    none: undefined,
    kvm: ["QEMU", "Standard PC (Q35 + ICH9, 2009)"],
    xen: ["Xen", "HVM domU"],
    vmware: ["VMware, Inc.", "VMware Virtual Platform"],
  };

function pmuFiles(layout: PmuLayout): Record<string, File> {
  const { vendor, precise } = layout;
  const cpu = `${EVENT_SOURCES}/cpu`;
  const mask = formatMask(layout);
  const formats = { ...FORMATS[vendor] };
  if (vendor === "GenuineIntel") {
    for (const [name, text, bit] of OPTIONAL_FORMATS) if ((mask >> bit) & 1n) formats[name] = text;
  }
  const files: Record<string, File> = {
    [`${cpu}/type`]: `${PERF_TYPE.RAW}`,
    [`${cpu}/rdpmc`]: "1",
    [`${cpu}/perf_event_mux_interval_ms`]: "4",
    [`${cpu}/caps/max_precise`]: `${vendor === "GenuineIntel" && precise ? MAX_PRECISE : 0}`,
  };
  for (const [name, text] of Object.entries(formats)) files[`${cpu}/format/${name}`] = text;
  for (const [name, text] of Object.entries(EVENTS[vendor])) files[`${cpu}/events/${name}`] = text;
  return files;
}

function hypervisorFiles(hypervisor: Hypervisor): Record<string, File> {
  const files: Record<string, File> = {};
  const product = PRODUCTS[hypervisor.kind];
  if (product) {
    files["/sys/class/dmi/id/sys_vendor"] = product[0];
    files["/sys/class/dmi/id/product_name"] = product[1];
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

function kernelFiles({ kernel, pmu, cpu }: HostProfile, sampleRate: () => number): Record<string, File> {
  const sys = "/proc/sys/kernel";
  const version = "#1 SMP PREEMPT_DYNAMIC";
  const cpus = cpu.cores === 1 ? "0" : `0-${cpu.cores - 1}`;
  return {
    "/proc/version": `Linux version ${kernel.release} (described@host) (gcc) ${version}`,
    [`${sys}/ostype`]: "Linux",
    [`${sys}/osrelease`]: kernel.release,
    [`${sys}/version`]: version,
    [`${sys}/perf_event_paranoid`]: `${kernel.perfEventParanoid}`,
    [`${sys}/perf_event_max_sample_rate`]: () => `${sampleRate()}`,
    [`${sys}/perf_cpu_time_max_percent`]: `${kernel.perfCpuTimeMaxPercent}`,
    [`${sys}/perf_event_mlock_kb`]: "516",
    [`${sys}/perf_event_max_stack`]: "127",
    [`${sys}/nmi_watchdog`]: `${pmu.taken > 0 ? 1 : 0}`,
    ...(kernel.ptraceScope !== undefined && { [`${sys}/yama/ptrace_scope`]: `${kernel.ptraceScope}` }),
    "/sys/devices/system/cpu/online": cpus,
    "/sys/devices/system/cpu/possible": cpus,
    "/sys/devices/system/cpu/present": cpus,
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
 * @param sampleRate kernel.perf_event_max_sample_rate of now.
 */
export function hostFiles(
  profile: HostProfile,
  layout: PmuLayout | undefined,
  sampleRate: () => number,
): HostFiles {
  const { freezeOnSmi } = profile.pmu;
  const files = new Map<string, File>(
    Object.entries({
      ...kernelFiles(profile, sampleRate),
      ...hypervisorFiles(profile.hypervisor),
      ...(layout && pmuFiles(layout)),
      ...(layout &&
        freezeOnSmi !== undefined && { "/sys/devices/cpu/freeze_on_smi": freezeOnSmi ? "1" : "0" }),
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
      const names = new Set(inside.map((name) => name.slice(folder.length).split("/")[0]));
      return names.size === 0 ? undefined : [...names].sort();
    },
  };
}
