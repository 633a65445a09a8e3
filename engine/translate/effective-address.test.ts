import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { effectiveAddress } from "./effective-address.ts";

/** rax is 0x1000, rcx 0x2000, … r15 0x10000. */
const REGISTERS = {
  general: (encoding: number) => BigInt(0x1000 * (encoding + 1)),
  fsBase: 0x700000n,
  gsBase: 0x800000n,
};

function address(...bytes: number[]): bigint | undefined {
  return effectiveAddress(Uint8Array.from(bytes), 0x400010n, REGISTERS);
}

test("effectiveAddress() knows every form of an address", () => {
  assertEquals(address(0x0f, 0x01, 0xe0), undefined, "smsw eax");
  assertEquals(address(0x0f, 0x01, 0x00), 0x1000n, "sgdt [rax]");
  assertEquals(address(0x41, 0x0f, 0x01, 0x00), 0x9000n, "sgdt [r8]");
  assertEquals(address(0x0f, 0x01, 0x40, 0xf8), 0xff8n, "sgdt [rax - 8]");
  assertEquals(address(0x0f, 0x01, 0x80, 0, 1, 0, 0), 0x1100n, "sgdt [rax + 0x100]");
  assertEquals(address(0x0f, 0x01, 0x05, 0xf0, 0xff, 0xff, 0xff), 0x400000n, "sgdt [rip - 16]");
  assertEquals(address(0x0f, 0x01, 0x04, 0x24), 0x5000n, "sgdt [rsp]");
  assertEquals(address(0x0f, 0x01, 0x44, 0x88, 4), 0x1000n + 0x8000n + 4n, "sgdt [rax + rcx * 4 + 4]");
  assertEquals(address(0x43, 0x0f, 0x01, 0x04, 0x7e), 0xf000n + 0x10000n * 2n, "sgdt [r14 + r15 * 2]");
  assertEquals(address(0x0f, 0x01, 0x04, 0x25, 0, 2, 0, 0), 0x200n, "sgdt [0x200]");
  assertEquals(address(0x64, 0x0f, 0x01, 0x00), 0x701000n, "sgdt fs:[rax]");
  assertEquals(address(0x65, 0x67, 0x0f, 0x01, 0x40, 0x80), 0x800f80n, "sgdt gs:[eax - 128]");
});
