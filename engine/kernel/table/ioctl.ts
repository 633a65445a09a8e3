/**
 * The requests of ioctl: what they write, and which of them cannot be recorded if they succeed.
 *
 * A request that is not in the tables says in its own bits how many bytes it writes (`asm-generic/ioctl.h`),
 * unless it is older than that convention, or of a kind of device whose arguments hold pointers to more.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { out } from "../areas.ts";
import type { Area, CallView, MemoryRange } from "../call.ts";
import type { Entry } from "../entry.ts";
import { SILENT_REQUESTS } from "./ioctl-silent.ts";
import { IOCTL_WRITES } from "./ioctl-writes.ts";

/** Bits of `_IOC`: the direction (asm-generic/ioctl.h). */
const IOC_READ = 0x8000_0000;
const IOC_WRITE = 0x4000_0000;

/** Requests that wait: TCSETSW, TCSETSF, TCSETAW, TCSETAF, TCSBRK, TCSBRKP, TIOCMIWAIT, TCSETSW2, TCSETSF2. */
const WAITING_REQUESTS = new Set([
  0x5403, 0x5404, 0x5407, 0x5408, 0x5409, 0x5425, 0x545c, 0x402c542c, 0x402c542d,
]);

/** Kinds of device (the type bits of `_IOC`) whose requests write through pointers within their argument. */
const POINTER_TYPES: Readonly<Record<number, string>> = {
  59: "VFIO and IOMMU",
  62: "sync files",
  65: "sound cards (ALSA)",
  78: "NVMe disks",
  85: "USB devices and sound controls",
  86: "video devices",
  98: "binder",
  100: "graphics cards (DRM)",
  124: "media controllers",
  148: "btrfs",
  174: "KVM",
  175: "vhost",
  253: "the device mapper",
};

/** Type of the requests of perf events ('$', linux/perf_event.h). */
const COUNTERS = 0x24;

/** The request: argument 1, of which the kernel looks at 32 bits. */
function requestOf(call: CallView): number {
  return call.int(1) >>> 0;
}

/** What the request's own bits say: `_IOC_READ` means that the kernel writes that many bytes. */
const DECODED: Area = out(2, (call) => (requestOf(call) >= IOC_READ ? (requestOf(call) >>> 16) & 0x3fff : 0));

function written(call: CallView): MemoryRange[] {
  return call.result === -ERRNO.ENOTTY ? [] : (IOCTL_WRITES.get(requestOf(call)) ?? DECODED)(call);
}

function refuses(call: CallView): string | undefined {
  const request = requestOf(call);
  if (IOCTL_WRITES.has(request) || SILENT_REQUESTS.has(request)) {
    return undefined;
  }
  const type = (request >>> 8) & 0xff;
  const name = `ioctl request 0x${request.toString(16)}`;
  if (POINTER_TYPES[type] !== undefined) {
    return `${name} is one of ${POINTER_TYPES[type]}, which write through pointers within their argument`;
  }
  // Requests of counters without a size in their bits write nothing; unknown ones fail with ENOTTY.
  if (type === COUNTERS) return undefined;
  return request < IOC_WRITE ? `${name} is not in the table, and does not say what it writes` : undefined;
}

/**
 * ioctl: the argument may be written although the request failed, since many drivers copy it back before they
 * look at their result; but not where the file has no such request.
 */
export const IOCTL: Entry = {
  blocks: (call) => WAITING_REQUESTS.has(requestOf(call)),
  writesAlways: [written],
  refuses,
};
