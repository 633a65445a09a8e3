import { runsUnder } from "./_hypervisor.ts";

/** VMware guests share VMware's bugs. */
export const vmware = runsUnder("vmware", "VMware");
