import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { listing } from "./code-listing.ts";

/** mov eax, 1; test eax, eax; jne +2; syscall; ret */
const CODE = Uint8Array.of(0xb8, 1, 0, 0, 0, 0x85, 0xc0, 0x75, 2, 0x0f, 5, 0xc3);

test("listing() has an instruction at the pc, those before it and those behind it", () => {
  assertEquals(
    listing({ bytes: CODE, address: 0x1000 }, 0x1009).map(({ address, bytes, text }) => [
      address,
      bytes,
      text,
    ]),
    [
      ["0x1000", "b801000000", "mov eax,1"],
      ["0x1005", "85c0", "test eax,eax"],
      ["0x1007", "7502", "jne short 0x100b"],
      ["0x1009", "0f05", "syscall"],
      ["0x100b", "c3", "ret"],
    ],
  );
});

test("listing() begins behind bytes that lead past the pc", () => {
  // Read from its first byte, the mov would reach beyond the pc.
  const bytes = Uint8Array.of(0xb8, 0x90, 0x90, 0xc3);
  assertEquals(
    listing({ bytes, address: 0x10 }, 0x13).map(({ text }) => text),
    ["nop", "nop", "ret"],
  );
});

test("listing() ends where the bytes are no instruction, and is empty where the pc has none", () => {
  const text = (bytes: Uint8Array) => listing({ bytes, address: 0 }, 0).map((line) => line.text);
  assertEquals(text(Uint8Array.of(0x90, 0x06)), ["nop"]);
  assertEquals(text(Uint8Array.of(0x06)), []);
});
