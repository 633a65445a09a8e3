import { test } from "bun:test";
import { expectFindings } from "./_expect.ts";

const KVM = { hypervisor: { signature: "KVMKVMKVM" } };
const XEN = { hypervisor: { signature: "XenVMMXenVMM", version: 0x4000d } };
const VMWARE = { hypervisor: { signature: "VMwareVMware" } };

test("virtual-machine names the hypervisor, its version and the product", () => {
  const dmi = {
    "/sys/class/dmi/id/sys_vendor": "Amazon EC2\n",
    "/sys/class/dmi/id/product_name": "m5.large\n",
  };
  const xenFiles = {
    "/sys/hypervisor/type": "xen\n",
    "/sys/hypervisor/version/major": "4\n",
    "/sys/hypervisor/version/minor": "11\n",
    "/sys/hypervisor/version/extra": ".amazon\n",
  };
  expectFindings("virtual-machine", [
    [{}, "no", "neither cpuid nor DMI tells of a hypervisor"],
    [KVM, "yes", 'kvm, "KVMKVMKVM"'],
    [{ ...KVM, files: dmi }, "yes", "Amazon EC2 m5.large"],
    [XEN, "yes", "version 4.13"],
    [{ files: xenFiles }, "yes", "xen, version 4.11.amazon"],
    [{ hypervisor: { signature: "bhyve bhyve " } }, "yes", 'an unknown hypervisor, "bhyve bhyve "'],
    [{ hypervisor: { signature: "" } }, "yes", "an unknown hypervisor"],
  ]);
});

test("kvm, xen and vmware are told apart, also behind the leaves of another that they imitate", () => {
  expectFindings("kvm", [
    [KVM, "yes", "kvm"],
    [{ hypervisor: { signature: "KVMKVMKVM", base: 0x4000_0100 } }, "yes", "kvm"],
    [XEN, "no", "xen"],
    [{}, "no", "no hypervisor"],
  ]);
  expectFindings("xen", [
    [XEN, "yes", "xen"],
    [{ files: { "/sys/hypervisor/type": "xen\n" } }, "yes", "xen"],
    [KVM, "no", "kvm"],
  ]);
  expectFindings("vmware", [
    [VMWARE, "yes", "vmware"],
    [XEN, "no", "xen"],
  ]);
});

test("host-kernel-visible is no for guests whose hypervisor tells no version", () => {
  expectFindings("host-kernel-visible", [
    [{ files: { "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n" } }, "yes", "this kernel: 6.1.0-18-amd64"],
    [XEN, "yes", "xen 4.13"],
    [KVM, "no", "a guest of kvm is not told"],
  ]);
});
