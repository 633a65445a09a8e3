import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { followsCall, returnAddresses } from "./return-addresses.ts";

/** Seven bytes that end with these, after nops. */
const ending = (...bytes: number[]) => Uint8Array.from([...Array(7 - bytes.length).fill(0x90), ...bytes]);

test("followsCall() knows direct calls and those through registers and memory", () => {
  for (const call of [
    [0xe8, 1, 2, 3, 4], // call rel32
    [0xff, 0xd0], // call rax
    [0xff, 0x50, 8], // call [rax+8]
    [0xff, 0x54, 0x24, 8], // call [rsp+8]
    [0xff, 0x15, 1, 2, 3, 4], // call [rip+disp32]
    [0xff, 0x94, 0x24, 1, 2, 3, 4], // call [rsp+disp32]
  ])
    assertEquals(followsCall(ending(...call)), true, call.join(" "));
});

test("followsCall() does not take jumps and pushes for calls", () => {
  for (const other of [
    [0xe9, 1, 2, 3, 4], // jmp rel32
    [0xff, 0xe0], // jmp rax
    [0xff, 0x70, 8], // push [rax+8]
    [0x0f, 0x05], // syscall
  ])
    assertEquals(followsCall(ending(...other)), false, other.join(" "));
  assertEquals(followsCall(Uint8Array.of(0xe8, 0, 0, 0, 0)), false, "fewer bytes than there must be");
});

test("returnAddresses() finds words that point behind a call, nearest first", () => {
  const text = {
    executable: (address: number) => address >= 0x1000 && address < 0x2000,
    read: (address: number) => (address + 7 === 0x1800 ? ending(0x90) : ending(0xff, 0xd0)),
  };
  const stack = new Uint8Array(
    new BigUint64Array([7n, 0x1100n, 0x1800n, 0x3000n, 0x1200n, 2n ** 63n]).buffer,
  );
  assertEquals(returnAddresses(stack, text), [0x1100, 0x1200]);
});
