/**
 * Requests of ioctl that write memory otherwise than their own bits say, with what they write.
 *
 * Sources: ioctl_tty(2), netdevice(7), ioctl_fiemap (Documentation/filesystems/fiemap.rst); the header named at
 * each group, for the sizes too.
 */
import { least, result } from "../amounts.ts";
import { behind, out } from "../areas.ts";
import type { Amount, Area, CallView } from "../call.ts";

/** The argument of every ioctl. */
const ARGUMENT = 2;

/** More than any answer whose length its request does not tell. */
const GENEROUS = 65_536;

/** `struct ifreq`, linux/if.h; its data pointer is at 16. */
const IFREQ = 40;
const IFREQ_DATA = 16;

/** Old-style requests by how many bytes they write at their argument. */
const SIZES: Readonly<Record<number, readonly number[]>> = {
  // asm-generic/ioctls.h: TIOCLINUX; linux/kd.h: KDGKBTYPE, KDGETLED, KDGKBLED
  1: [0x541c, 0x4b33, 0x4b31, 0x4b64],
  // linux/fs.h: BLKSECTGET
  2: [0x1267],
  4: [
    0x540f, 0x5411, 0x5415, 0x5419, 0x541b, // TIOCGPGRP, TIOCOUTQ, TIOCMGET, TIOCGSOFTCAR, FIONREAD
    0x5424, 0x5429, 0x5459, // TIOCGETD, TIOCGSID, TIOCSERGETLSR
    0x125e, 0x1268, 0x1278, 0x1279, 0x127a, 0x127b, 0x127c, 0x127e, // BLKROGET, BLKSSZGET, BLKIOMIN to BLKROTATIONAL
    0x1, 0x2, // FIBMAP, FIGETBSZ
    0x4b3b, 0x4b44, 0x4b62, 0x5600, // KDGETMODE, KDGKBMODE, KDGKBMETA, VT_OPENQRY
    0x8903, 0x8904, 0x8905, 0x894b, // FIOGETOWN, SIOCGPGRP, SIOCATMARK, SIOCOUTQNSD
    0xb704, // NS_GET_OWNER_UID
  ],
  // linux/vt.h: VT_GETSTATE
  6: [0x5603],
  // TIOCGWINSZ, FIOQSIZE; linux/fs.h: BLKGETSIZE, BLKRAGET, BLKFRAGET; linux/vt.h: VT_GETMODE;
  // linux/btrfs.h: BTRFS_IOC_SUBVOL_GETFLAGS
  8: [0x5413, 0x5460, 0x1260, 0x1263, 0x1265, 0x5601, 0x8008_9419],
  // linux/sockios.h: SIOCGSTAMP, SIOCGSTAMPNS; linux/hdreg.h: HDIO_GETGEO; asm-generic/termios.h: TCGETX
  16: [0x8906, 0x8907, 0x301, 0x5432],
  // asm-generic/termios.h: TCGETA
  18: [0x5405],
  // asm-generic/termbits.h: TCGETS, TIOCGLCKTRMIOS (36, or 44 with the speeds of termios2)
  44: [0x5401, 0x5456],
  // linux/serial.h: TIOCGRS485 (`struct serial_rs485` is 32)
  32: [0x542e],
  // linux/if_vlan.h: SIOCGIFVLAN
  56: [0x8982],
  // linux/if_arp.h: SIOCGARP, SIOCGRARP (`struct arpreq` is 68)
  68: [0x8954, 0x8961],
  // linux/serial.h: TIOCGSERIAL, TIOCGICOUNT
  72: [0x541e],
  80: [0x545d],
  // linux/loop.h: LOOP_GET_STATUS, LOOP_GET_STATUS64
  168: [0x4c03],
  232: [0x4c05],
  // linux/hdreg.h: HDIO_GET_IDENTITY
  512: [0x30d],
  // linux/btrfs.h: BTRFS_IOC_FS_INFO, _DEV_INFO, _INO_LOOKUP, _TREE_SEARCH, which need a place here since the other
  // requests of btrfs are refused
  1024: [0x8400_941f],
  4096: [0xd000_941e, 0xd000_9412, 0xd000_9411],
};

/** Requests of linux/sockios.h whose argument is a `struct ifreq`, as ranges of numbers. */
const IFREQ_REQUESTS: readonly (readonly [number, number])[] = [
  [0x8910, 0x8911], // SIOCGIFNAME, SIOCSIFLINK
  [0x8913, 0x8945], // SIOCGIFFLAGS to SIOCSIFTXQLEN
  [0x8947, 0x8949], // SIOCGMIIPHY to SIOCSMIIREG
  [0x8970, 0x8971], // SIOCGIFMAP, SIOCSIFMAP
  [0x8983, 0x8983], // SIOCSIFVLAN
  [0x8990, 0x8992], // SIOCBONDENSLAVE to SIOCBONDSETHWADDR
];

/** A number in the request's argument, at `offset`. */
function field(offset: number, bits: 16 | 32): (call: CallView) => number {
  return (call) => {
    const value = call.u32(call.argument(ARGUMENT) + offset);
    return bits === 16 ? value & 0xffff : value;
  };
}

/** `head` bytes and, behind them, as many elements of `size` bytes as the argument itself says. */
function counted(head: number, elements: (call: CallView) => number, size: number): Area {
  return out(ARGUMENT, (call) => head + elements(call) * size);
}

/** The argument's `head` bytes and `amount` bytes behind the pointer at `offset` in it. */
function pointing(head: number, offset: number, amount: Amount): Area {
  return (call) => [...out(ARGUMENT, head)(call), ...behind(ARGUMENT, offset, amount)(call)];
}

/** Requests that write more than a fixed number of bytes at their argument. */
const SHAPES: readonly (readonly [number, Area])[] = [
  // SIOCGIFCONF, linux/if.h: the length at 0 is by now that of what was written behind the pointer at 8.
  [0x8912, pointing(16, 8, field(0, 32))],
  // SIOCETHTOOL, SIOCSHWTSTAMP, SIOCGHWTSTAMP, the queries for bonds: ifr_data points to the command's structure.
  [0x8946, pointing(IFREQ, IFREQ_DATA, GENEROUS)],
  [0x89b0, pointing(IFREQ, IFREQ_DATA, 12)],
  [0x89b1, pointing(IFREQ, IFREQ_DATA, 12)],
  [0x8993, pointing(IFREQ, IFREQ_DATA, 64)],
  [0x8994, pointing(IFREQ, IFREQ_DATA, 64)],
  // FS_IOC_FIEMAP, linux/fiemap.h: room for fm_extent_count extents.
  [0xc020_660b, counted(32, field(24, 32), 56)],
  // FIDEDUPERANGE, linux/fs.h: dest_count results.
  [0xc018_9436, counted(24, field(16, 16), 32)],
  // FS_IOC_GETFSMAP, linux/fsmap.h: room for fmh_count records.
  [0xc0c0_583b, counted(192, field(8, 32), 64)],
  // FS_IOC_MEASURE_VERITY, linux/fsverity.h: digest_size bytes.
  [0xc004_6686, counted(4, field(2, 16), 1)],
  // FS_IOC_READ_VERITY_METADATA, linux/fsverity.h: result bytes behind buf_ptr, room for `length`.
  [0xc028_6687, pointing(40, 24, least(result, field(16, 32)))],
  // PAGEMAP_SCAN, linux/fs.h: as many `struct page_region` as the result says.
  [0xc060_6610, pointing(96, 40, (call) => result(call) * 24)],
  // PERF_EVENT_IOC_QUERY_BPF, linux/perf_event.h: ids_len identifiers.
  [0xc008_240a, counted(8, field(0, 32), 4)],
  // TUNSETIFF and TUNGETIFF, linux/if_tun.h, are encoded as if they took an int.
  [0x4004_54ca, out(ARGUMENT, IFREQ)],
  [0x8004_54d2, out(ARGUMENT, IFREQ)],
];

function numbersIn([first, last]: readonly [number, number]): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** What a request writes, for those that do not say it (rightly) in their own bits. */
export const IOCTL_WRITES: ReadonlyMap<number, Area> = new Map([
  ...Object.entries(SIZES).flatMap(([size, requests]) =>
    requests.map((request): [number, Area] => [request, out(ARGUMENT, Number(size))]),
  ),
  ...IFREQ_REQUESTS.flatMap(numbersIn).map((request): [number, Area] => [request, out(ARGUMENT, IFREQ)]),
  ...SHAPES,
]);
