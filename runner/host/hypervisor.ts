/** Which hypervisor a host runs under, from what a guest can see of it. */
import { identifyProcessor, isAarch64 } from "../../ffi/mod.ts";
import { cpuidText, hasHypervisorBit } from "./cpu.ts";
import type { Host } from "./types.ts";

/** A hypervisor as a guest sees it. */
export interface VisibleHypervisor {
  readonly kind: "kvm" | "xen" | "vmware" | "hyper-v" | "other";
  /** What cpuid leaf 0x40000000 spells: "KVMKVMKVM"; empty where it says nothing. */
  readonly signature: string;
  /** Version, where it can be seen: of Xen. */
  readonly version: string | undefined;
  /** Product by DMI: "Amazon EC2 m5.large". */
  readonly product: string | undefined;
}

/** Signatures of the leaf. Linux: arch/x86/include/asm/{kvm_para,hypervisor}.h and the folders of each. */
const SIGNATURES: Readonly<Record<string, VisibleHypervisor["kind"]>> = {
  KVMKVMKVM: "kvm",
  XenVMMXenVMM: "xen",
  VMwareVMware: "vmware",
  "Microsoft Hv": "hyper-v",
};
const BASE = 0x4000_0000;
/** Where another hypervisor's leaves stand first (Hyper-V's, for Windows guests), the own ones follow at steps. */
const STEP = 0x100;
const LAST = 0x4001_0000;

/** Signature and base of the leaves; a hypervisor that Linux knows better wins over one that it imitates. */
function signature(host: Host): { readonly text: string; readonly base: number } {
  let first: { text: string; base: number } | undefined;
  for (let base = BASE; base < LAST; base += STEP) {
    const [, b, c, d] = host.cpuid(base);
    const text = cpuidText(b, c, d).replace(/\0+$/, "");
    if (text in SIGNATURES && SIGNATURES[text] !== "hyper-v") return { text, base };
    if (first === undefined) first = { text, base };
  }
  return first ?? { text: "", base: BASE };
}

function fileText(host: Host, path: string): string | undefined {
  return host.readFile(path)?.trim() || undefined;
}

function dmiProduct(host: Host): string | undefined {
  const [vendor, product] = ["sys_vendor", "product_name"].map((name) =>
    fileText(host, `/sys/class/dmi/id/${name}`),
  );
  return [vendor, product].filter(Boolean).join(" ") || undefined;
}

/** Xen: leaf base + 1 is major << 16 | minor (xen/include/public/arch-x86/cpuid.h); sysfs has the rest. */
function xenVersion(host: Host, base: number): string {
  const [major, minor, extra] = ["major", "minor", "extra"].map((name) =>
    fileText(host, `/sys/hypervisor/version/${name}`),
  );
  if (major !== undefined && minor !== undefined) return `${major}.${minor}${extra ?? ""}`;
  const [version] = host.cpuid(base + 1);
  return `${version >>> 16}.${version & 0xffff}`;
}

/** Machines of hypervisors by what DMI says, where nothing else tells: on aarch64. EC2's metal ones are hardware. */
const DMI_PRODUCTS: readonly (readonly [RegExp, VisibleHypervisor["kind"]])[] = [
  [/^Amazon EC2 (?!.*\.metal)/, "kvm"],
  [/^(QEMU|Google Google Compute Engine|oVirt|OpenStack)/, "kvm"],
  [/^Apple Inc\. Apple Virtualization/, "other"],
  [/^Microsoft Corporation Virtual Machine/, "hyper-v"],
  [/^VMware/, "vmware"],
];

function ofDmi(host: Host): VisibleHypervisor | undefined {
  const product = dmiProduct(host);
  const [, kind] = DMI_PRODUCTS.find(([pattern]) => product !== undefined && pattern.test(product)) ?? [];
  return kind && { kind, signature: "", version: undefined, product };
}

/** The hypervisor; undefined on hardware. */
export function hypervisorOf(host: Host): VisibleHypervisor | undefined {
  if (isAarch64(identifyProcessor(host))) return ofDmi(host);
  const underXen = fileText(host, "/sys/hypervisor/type") === "xen";
  if (!hasHypervisorBit(host) && !underXen) return undefined;
  const { text, base } = signature(host);
  const kind = underXen ? "xen" : (SIGNATURES[text] ?? "other");
  return {
    kind,
    signature: /^[\x20-\x7e]*$/.test(text) ? text : "",
    version: kind === "xen" ? xenVersion(host, base) : undefined,
    product: dmiProduct(host),
  };
}
