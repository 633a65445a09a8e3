/** Probes that name one hypervisor, so that manifests can. */
import { hypervisorOf, type VisibleHypervisor } from "../hypervisor.ts";
import type { Probe } from "../types.ts";
import { no, yes } from "./_finding.ts";

/** The probe for one kind of hypervisor. */
export function runsUnder(kind: VisibleHypervisor["kind"], title: string): Probe {
  return {
    name: kind,
    title: `this is a guest of ${title}`,
    kind: "fact",
    measures: "signature at cpuid leaf 0x40000000; for Xen also /sys/hypervisor/type",
    threshold: `it is ${title}'s`,
    source: "Linux 6.18, arch/x86/kernel/cpu/hypervisor.c, detect_hypervisor_vendor",
    gates: { engines: [], tests: [] },
    remedy: "see virtual-machine",
    run(host) {
      const found = hypervisorOf(host);
      if (found === undefined) return no("no hypervisor");
      const evidence = found.signature === "" ? found.kind : `${found.kind}, "${found.signature}"`;
      return found.kind === kind ? yes(evidence) : no(evidence);
    },
  };
}
