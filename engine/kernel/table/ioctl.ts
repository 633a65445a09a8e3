/**
 * The requests of ioctl: what they write, and which of them cannot be recorded if they succeed.
 *
 * A request that is not in the tables says in its own bits how many bytes it writes (`asm-generic/ioctl.h`),
 * unless it is older than that convention, or of a kind of device whose arguments hold pointers to more.
 */
import { ERRNO } from "../../../ffi/mod.ts";
import { count, encoded, field } from "../amounts.ts";
import { byCommand, out, when } from "../areas.ts";
import type { Refusal } from "../call.ts";
import { bits, every, failedWith, not, oneOf } from "../conditions.ts";
import type { Entry } from "../entry.ts";
import { descriptor } from "../files.ts";
import { SILENT_REQUESTS } from "./ioctl-silent.ts";
import { IOCTL_WRITES } from "./ioctl-writes.ts";

/** Bits of `_IOC`: the direction (asm-generic/ioctl.h). */
const IOC_READ = 0x8000_0000;
const IOC_WRITE = 0x4000_0000;

/**
 * Requests that wait: TCSETSW, TCSETSF, TCSETAW, TCSETAF, TCSBRK, TCSBRKP, TIOCMIWAIT, TCSETSW2, TCSETSF2;
 * SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_ADDFD.
 */
const WAITING_REQUESTS = [
  ...[0x5403, 0x5404, 0x5407, 0x5408, 0x5409, 0x5425, 0x545c, 0x402c542c, 0x402c542d],
  ...[0xc0502100, 0x40182103],
];

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
const REQUEST = count(1);

/** Requests that change attributes through a descriptor that need not be writable (linux/fs.h). */
const ATTRIBUTE_REQUESTS = [
  0x40086602, // FS_IOC_SETFLAGS
  0x40087602, // FS_IOC_SETVERSION
  0x401c5820, // FS_IOC_FSSETXATTR
];

/** Requests that let a file share the blocks of another one (linux/fs.h). */
const FICLONE = 0x4004_9409;
const FICLONERANGE = 0x4020_940d;
/** struct file_clone_range: source, its offset, length (0 up to the end), offset here. */
const CLONED_LENGTH = field(2, 16, 64);
const CLONED_TO = field(2, 24, 64);

/** Where the type is in a request. */
const TYPE_MASK = 0xff00;
const TYPE_SHIFT = 8;

/** What fcntl does by O_ASYNC and O_NONBLOCK (asm-generic/ioctls.h). */
const FIOASYNC = 0x5452;
const FIONBIO = 0x5421;

const UNLISTED = not(oneOf(REQUEST, [...IOCTL_WRITES.keys(), ...SILENT_REQUESTS]));

const hasType = (type: number) => oneOf(REQUEST, [type << TYPE_SHIFT], TYPE_MASK);

const SAYS_SIZE = bits(REQUEST, IOC_READ + IOC_WRITE);

/** The type whose requests never say a size, though they have structs with pointers: VFIO. */
const NEVER_SIZED = 59;

const OF_DEVICES: readonly Refusal[] = Object.entries(POINTER_TYPES).map(([type, devices]) => ({
  when: every(UNLISTED, hasType(Number(type)), Number(type) === NEVER_SIZED || SAYS_SIZE),
  reason: `ioctl request {1} is one of ${devices}, which write through pointers within their argument`,
}));

/** Requests without a size in their bits; of counters they write nothing, and unknown ones fail with ENOTTY. */
const UNSIZED = every(UNLISTED, not(hasType(COUNTERS)), not(SAYS_SIZE));

/** KVM_RUN (linux/kvm.h). */
const KVM_RUN = 0xae80;
const RUNS_MACHINE: Refusal = {
  when: oneOf(REQUEST, [KVM_RUN]),
  reason: "KVM_RUN runs a virtual machine, whose steps and writes to memory nobody sees",
};

/**
 * ioctl: the argument may be written although the request failed, since many drivers copy it back before they
 * look at their result; but not where the file has no such request.
 */
export const IOCTL: Entry = {
  blocks: oneOf(REQUEST, WAITING_REQUESTS),
  listens: oneOf(REQUEST, [FIOASYNC]),
  changesWaiting: oneOf(REQUEST, [FIONBIO]),
  seldomSleeps: "ever",
  signalsByRequest: true,
  writesAlways: [when(not(failedWith(ERRNO.ENOTTY)), byCommand(1, IOCTL_WRITES, out(2, encoded(1))))],
  compared: { at: 2, when: UNSIZED },
  refuses: [RUNS_MACHINE, ...OF_DEVICES],
  changes: [descriptor(0, oneOf(REQUEST, ATTRIBUTE_REQUESTS))],
  contents: [
    { when: oneOf(REQUEST, [FICLONE]), file: { fd: 0 }, stretch: { kind: "range", start: 0 } },
    {
      when: every(oneOf(REQUEST, [FICLONERANGE]), oneOf(CLONED_LENGTH, [0])),
      file: { fd: 0 },
      stretch: { kind: "range", start: CLONED_TO },
    },
    {
      when: oneOf(REQUEST, [FICLONERANGE]),
      file: { fd: 0 },
      stretch: { kind: "range", start: CLONED_TO, length: CLONED_LENGTH },
    },
  ],
};
