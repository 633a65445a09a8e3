/** How long an event has been enabled, read from its metadata page: see `../stubs/page_time.ts`. */

import { ADDRESS, nativeFunction } from "../kernel/mod.ts";
import { loadCode } from "../memory/mod.ts";
import { PAGE_TIME_LISTING } from "../stubs/page-time.ts";

let stub: ((page: number, into: BigUint64Array) => number) | undefined;

/**
 * Reads the nanoseconds for which an event has been enabled, without a system call.
 *
 * @param page Address of the event's metadata page; see `PerfMapping.address`.
 * @param into The time goes to the first word.
 * @returns 8; or 0 where the page has no time (`cap_user_time` is 0: the kernel's clock is not the TSC).
 */
export function readPageTime(page: number, into: BigUint64Array): number {
  stub ??= nativeFunction<(page: number, into: BigUint64Array) => number>(
    loadCode(PAGE_TIME_LISTING)("page_time"),
    [ADDRESS, ADDRESS],
    "i32",
  );
  return stub(page, into);
}
