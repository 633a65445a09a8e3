/** The kernel's log, as syslog(2) gives it (klogctl in libc). */

import { retry, SYSCALLS } from "../kernel/mod.ts";
import { NativeBuffer } from "../memory/mod.ts";

/** Actions. Source: linux/syslog.h. */
const SYSLOG_ACTION = { READ_ALL: 3, SIZE_BUFFER: 10 } as const;
/** Level of a line, before its time: "<6>". */
const LEVEL = /^<\d+>/;

/**
 * Lines that the kernel has logged and still has, oldest first, as dmesg(1) shows them: "[    0.000000] Linux …".
 *
 * @returns The lines; undefined where they can't be read (kernel.dmesg_restrict, or a container).
 */
export function readKernelLog(): readonly string[] | undefined {
  const size = retry(SYSCALLS.syslog, SYSLOG_ACTION.SIZE_BUFFER, 0, 0);
  if (size <= 0) return undefined;
  using buffer = NativeBuffer.map(size);
  const length = retry(SYSCALLS.syslog, SYSLOG_ACTION.READ_ALL, buffer.address, size);
  if (length < 0) return undefined;
  const text = new TextDecoder().decode(buffer.u8.slice(0, length));
  return text
    .split("\n")
    .map((line) => line.replace(LEVEL, ""))
    .filter((line) => line !== "");
}
