import { runsUnder } from "./_hypervisor.ts";

/** KVM guests share KVM's bugs. */
export const kvm = runsUnder("kvm", "KVM");
