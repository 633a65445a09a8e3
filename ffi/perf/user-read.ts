/** The two functions that read a counter through its metadata page: see `../stubs/user-read.ts`. */

import { ADDRESS, nativeFunction } from "../kernel/mod.ts";
import { loadCode } from "../memory/mod.ts";
import { USER_READ_LISTING } from "../stubs/user-read.ts";

/** Functions over the page at an address. */
export interface UserRead {
  /** Value, time enabled and time running: 24 bytes, or as read(2) returns. `bytes` is the room of `into`. */
  readonly read: (page: number, fd: number, into: BigUint64Array, bytes: number) => number;
  /** The value alone, to the first word: 8; or 0 or −errno of read(2). */
  readonly readValue: (page: number, fd: number, into: BigUint64Array) => number;
}

/** Makes a listing with the labels of {@link USER_READ_LISTING} callable. */
export function loadUserRead(listing: string): UserRead {
  const code = loadCode(listing);
  return {
    read: nativeFunction(code("user_read"), [ADDRESS, "i32", ADDRESS, "i32"], "i32"),
    readValue: nativeFunction(code("user_read_value"), [ADDRESS, "i32", ADDRESS], "i32"),
  };
}

let own: UserRead | undefined;

/** The functions for this processor, made at the first call. */
export function userRead(): UserRead {
  own ??= loadUserRead(USER_READ_LISTING);
  return own;
}
