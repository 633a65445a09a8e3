import { runsUnder } from "./_hypervisor.ts";

/** Xen guests share Xen's bugs. */
export const xen = runsUnder("xen", "Xen");
