/** What the kernel says of sockets that other processes have open. */
import { ERRNO, retry, SYSCALLS, unwrap } from "../kernel/mod.ts";
import { pathArgument, scratch } from "../memory/mod.ts";

const ATTRIBUTE = new TextEncoder().encode("system.sockprotoname\0");
/** Bytes of a protocol's name: struct proto has room for 32 (include/net/sock.h, Linux 6.18). */
const NAME = { at: 32, room: 32 } as const;

/**
 * The name of a socket's protocol: `TCP`, `TCPv6`, `UNIX-STREAM`, `UNIX`, `UDP` …
 * (`sockfs_xattr_get` of net/socket.c, Linux 6.18).
 *
 * @param path `/proc/PID/fd/N`.
 * @returns undefined if it leads to no socket, or to nothing any more.
 */
export function socketProtocol(path: string): string | undefined {
  const { address, u8 } = scratch;
  u8.set(ATTRIBUTE);
  const length = retry(SYSCALLS.getxattr, pathArgument(path), address, address + NAME.at, NAME.room);
  const isNone = length === -ERRNO.ENODATA || length === -ERRNO.EOPNOTSUPP || length === -ERRNO.ENOENT;
  if (isNone) return undefined;
  const name = u8.subarray(NAME.at, NAME.at + unwrap("getxattr", length));
  return new TextDecoder().decode(name).replace(/\0.*$/s, "");
}
