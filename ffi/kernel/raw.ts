/**
 * System calls without libc: the one primitive that the rest of this folder stands on.
 *
 * libc is opened once, to map the page that holds the stub. The page is written first and made executable
 * then, never both at once, so that this works where write-and-execute mappings are forbidden.
 */

import { dlopen } from "bun:ffi";
import { encodeListing, parseListing } from "../stubs/listing.ts";
import { SYSCALL_LISTING } from "../stubs/syscall.ts";
import { nativeFunction, viewMemory, WORD } from "./native.ts";

const PAGE = 4096;

function mapStub(): number {
  const libc = dlopen("libc.so.6", {
    mmap: { args: [WORD, WORD, "i32", "i32", "i32", WORD], returns: WORD },
    mprotect: { args: [WORD, WORD, "i32"], returns: "i32" },
  });
  // PROT_READ | PROT_WRITE = 3, MAP_PRIVATE | MAP_ANONYMOUS = 0x22, PROT_READ | PROT_EXEC = 5 (sys/mman.h).
  const address = Number(libc.symbols.mmap(0, PAGE, 3, 0x22, -1, 0));
  if (address === -1) throw new Error("Cannot map a page for machine code: mmap failed");
  new Uint8Array(viewMemory(address, PAGE)).set(encodeListing(parseListing(SYSCALL_LISTING)));
  if (libc.symbols.mprotect(address, PAGE, 5) !== 0) {
    throw new Error("Cannot make a page executable: mprotect failed; is there a policy (SELinux execmem)?");
  }
  return address;
}

type Argument = number | bigint;
type Stub = (
  nr: number,
  a: Argument,
  b: Argument,
  c: Argument,
  d: Argument,
  e: Argument,
  f: Argument,
) => number | bigint;

const call = nativeFunction<Stub>(mapStub(), Array(7).fill(WORD), WORD);

/**
 * One system call, as the kernel sees it: no errno, no retry, no cancellation.
 *
 * @param nr Number of the call on x86-64; see `SYSCALLS`.
 * @param a First argument; the others likewise. Negative numbers are sign-extended, bigints may reach 2^64.
 * @returns The result, or −errno (−4095…−1). Exact up to 2^53 either way.
 */
export function rawSyscall(
  nr: number,
  a: Argument = 0,
  b: Argument = 0,
  c: Argument = 0,
  d: Argument = 0,
  e: Argument = 0,
  f: Argument = 0,
): number {
  return Number(call(nr, a, b, c, d, e, f));
}
