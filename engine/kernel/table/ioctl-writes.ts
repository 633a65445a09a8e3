/**
 * Requests of ioctl that write memory otherwise than their own bits say, with what they write.
 *
 * Sources: ioctl_tty(2), netdevice(7), ioctl_fiemap (Documentation/filesystems/fiemap.rst); the header named at
 * each group, for the sizes too.
 */
import { type Amount, field, least, plus, result, times } from "../amounts.ts";
import { type Area, behind, both, out } from "../areas.ts";

/** The argument of every ioctl. */
const ARGUMENT = 2;

/** More than any answer whose length its request does not tell. */
const GENEROUS = 65_536;

/** `struct ifreq`, linux/if.h; its data pointer is at 16. */
const IFREQ = 40;
const IFREQ_DATA = 16;

/** Requests that write a fixed number of bytes: their number, and how many at the argument. */
const SIZES: Readonly<Record<string, readonly [number, number]>> = {
  // asm-generic/ioctls.h, with the structures of asm-generic/termios.h, asm-generic/termbits.h, linux/serial.h
  TCGETS: [0x5401, 44],
  TCGETA: [0x5405, 18],
  TCGETX: [0x5432, 16],
  TIOCGPGRP: [0x540f, 4],
  TIOCOUTQ: [0x5411, 4],
  TIOCGWINSZ: [0x5413, 8],
  TIOCMGET: [0x5415, 4],
  TIOCGSOFTCAR: [0x5419, 4],
  FIONREAD: [0x541b, 4],
  TIOCLINUX: [0x541c, 1],
  TIOCGSERIAL: [0x541e, 72],
  TIOCGETD: [0x5424, 4],
  TIOCGSID: [0x5429, 4],
  TIOCGRS485: [0x542e, 32],
  TIOCGLCKTRMIOS: [0x5456, 44],
  TIOCSERGETLSR: [0x5459, 4],
  TIOCGICOUNT: [0x545d, 80],
  FIOQSIZE: [0x5460, 8],
  // linux/kd.h
  KDGETLED: [0x4b31, 1],
  KDGKBTYPE: [0x4b33, 1],
  KDGETMODE: [0x4b3b, 4],
  KDGKBMODE: [0x4b44, 4],
  KDGKBMETA: [0x4b62, 4],
  KDGKBLED: [0x4b64, 1],
  // linux/vt.h
  VT_OPENQRY: [0x5600, 4],
  VT_GETMODE: [0x5601, 8],
  VT_GETSTATE: [0x5603, 6],
  VT_GETCONSIZECSRPOS: [0x8008_5610, 8],
  // linux/fs.h
  FIBMAP: [0x1, 4],
  FIGETBSZ: [0x2, 4],
  BLKROGET: [0x125e, 4],
  BLKGETSIZE: [0x1260, 8],
  BLKRAGET: [0x1263, 8],
  BLKFRAGET: [0x1265, 8],
  BLKSECTGET: [0x1267, 2],
  BLKSSZGET: [0x1268, 4],
  BLKIOMIN: [0x1278, 4],
  BLKIOOPT: [0x1279, 4],
  BLKALIGNOFF: [0x127a, 4],
  BLKPBSZGET: [0x127b, 4],
  BLKDISCARDZEROES: [0x127c, 4],
  BLKROTATIONAL: [0x127e, 2],
  // linux/hdreg.h
  HDIO_GETGEO: [0x301, 16],
  HDIO_GET_IDENTITY: [0x30d, 512],
  // linux/loop.h
  LOOP_GET_STATUS: [0x4c03, 168],
  LOOP_GET_STATUS64: [0x4c05, 232],
  // linux/sockios.h, linux/if_arp.h, linux/if_vlan.h
  FIOGETOWN: [0x8903, 4],
  SIOCGPGRP: [0x8904, 4],
  SIOCATMARK: [0x8905, 4],
  SIOCGSTAMP: [0x8906, 16],
  SIOCGSTAMPNS: [0x8907, 16],
  SIOCOUTQNSD: [0x894b, 4],
  SIOCGARP: [0x8954, 68],
  SIOCGRARP: [0x8961, 68],
  SIOCGIFVLAN: [0x8982, 56],
  // linux/wireless.h: a struct iwreq, where it has no pointer to more
  SIOCGIWNAME: [0x8b01, 32],
  SIOCGIWFREQ: [0x8b05, 32],
  SIOCGIWMODE: [0x8b07, 32],
  SIOCGIWSENS: [0x8b09, 32],
  SIOCGIWAP: [0x8b15, 32],
  SIOCGIWRATE: [0x8b21, 32],
  SIOCGIWRTS: [0x8b23, 32],
  SIOCGIWFRAG: [0x8b25, 32],
  SIOCGIWTXPOW: [0x8b27, 32],
  SIOCGIWRETRY: [0x8b29, 32],
  SIOCGIWPOWER: [0x8b2d, 32],
  // linux/nsfs.h
  NS_GET_OWNER_UID: [0xb704, 4],
  // linux/if_tun.h: encoded as if they took an int, but it is a struct ifreq
  TUNSETIFF: [0x4004_54ca, IFREQ],
  TUNGETIFF: [0x8004_54d2, IFREQ],
  // linux/fs.h: of all file systems, though of the type of btrfs
  FS_IOC_GETFSLABEL: [0x8100_9431, 256],
  // linux/btrfs.h: encoded, but here since the other requests of btrfs are refused
  BTRFS_IOC_TREE_SEARCH: [0xd000_9411, 4096],
  BTRFS_IOC_INO_LOOKUP: [0xd000_9412, 4096],
  BTRFS_IOC_SUBVOL_GETFLAGS: [0x8008_9419, 8],
  BTRFS_IOC_DEV_INFO: [0xd000_941e, 4096],
  BTRFS_IOC_FS_INFO: [0x8400_941f, 1024],
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
function said(offset: number, bits: 16 | 32): Amount {
  return field(ARGUMENT, offset, bits);
}

/** `head` bytes and, behind them, as many elements of `size` bytes as the argument itself says. */
function counted(head: number, elements: Amount, size: number): Area {
  return out(ARGUMENT, plus(head, times(elements, size)));
}

/** The argument's `head` bytes and `amount` bytes behind the pointer at `offset` in it. */
function pointing(head: number, offset: number, amount: Amount): Area {
  return both(out(ARGUMENT, head), behind(ARGUMENT, offset, amount));
}

/** Requests that write more than a fixed number of bytes at their argument. */
const SHAPES: readonly (readonly [number, Area])[] = [
  // SIOCGIFCONF, linux/if.h: the length at 0 is by now that of what was written behind the pointer at 8.
  [0x8912, pointing(16, 8, said(0, 32))],
  // SIOCETHTOOL, SIOCSHWTSTAMP, SIOCGHWTSTAMP, the queries for bonds: ifr_data points to the command's structure.
  [0x8946, pointing(IFREQ, IFREQ_DATA, GENEROUS)],
  [0x89b0, pointing(IFREQ, IFREQ_DATA, 12)],
  [0x89b1, pointing(IFREQ, IFREQ_DATA, 12)],
  [0x8993, pointing(IFREQ, IFREQ_DATA, 64)],
  [0x8994, pointing(IFREQ, IFREQ_DATA, 64)],
  // FS_IOC_FIEMAP, linux/fiemap.h: room for fm_extent_count extents.
  [0xc020_660b, counted(32, said(24, 32), 56)],
  // FIDEDUPERANGE, linux/fs.h: dest_count results.
  [0xc018_9436, counted(24, said(16, 16), 32)],
  // FS_IOC_GETFSMAP, linux/fsmap.h: room for fmh_count records.
  [0xc0c0_583b, counted(192, said(8, 32), 64)],
  // FS_IOC_MEASURE_VERITY, linux/fsverity.h: digest_size bytes.
  [0xc004_6686, counted(4, said(2, 16), 1)],
  // FS_IOC_READ_VERITY_METADATA, linux/fsverity.h: result bytes behind buf_ptr, room for `length`.
  [0xc028_6687, pointing(40, 24, least(result, said(16, 32)))],
  // PAGEMAP_SCAN, linux/fs.h: as many `struct page_region` as the result says.
  [0xc060_6610, pointing(96, 40, times(result, 24))],
  // PERF_EVENT_IOC_QUERY_BPF, linux/perf_event.h: ids_len identifiers.
  [0xc008_240a, counted(8, said(0, 32), 4)],
];

function numbersIn([first, last]: readonly [number, number]): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** What a request writes, for those that do not say it (rightly) in their own bits. */
export const IOCTL_WRITES: ReadonlyMap<number, Area> = new Map([
  ...Object.values(SIZES).map(([request, size]): [number, Area] => [request, out(ARGUMENT, size)]),
  ...IFREQ_REQUESTS.flatMap(numbersIn).map((request): [number, Area] => [request, out(ARGUMENT, IFREQ)]),
  ...SHAPES,
]);
