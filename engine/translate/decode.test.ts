import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { Text } from "./_fixtures.ts";
import { TextDecoder64 } from "./decode.ts";
import { type Decoded, Kind } from "./instruction.ts";

const PC = 0x401000;
const PAGE = 4096;

function decode(...bytes: number[]): Decoded {
  return new TextDecoder64(new Text().put(PC, bytes).fetch).decode(PC);
}

/** Decodes bytes that end with their page; the next page does not exist. */
function decodeAtEnd(...bytes: number[]): Decoded {
  const pc = PC + PAGE - bytes.length;
  return new TextDecoder64(new Text().put(pc, bytes).fetch).decode(pc);
}

test("decode() tells the condition of every jcc, short or long, whatever stands before it", () => {
  for (let condition = 0; condition < 16; condition++) {
    const forms = [
      [0x70 | condition, 0x10],
      [0x0f, 0x80 | condition, 0x10, 0, 0, 0],
      [0x2e, 0x2e, 0x2e, 0x2e, 0x3e, 0x70 | condition, 0x10],
      [0xf2, 0x3e, 0x0f, 0x80 | condition, 0x10, 0, 0, 0],
    ];
    for (const bytes of forms) {
      const decoded = decode(...bytes);
      assertEquals([decoded.kind, decoded.condition], [Kind.Jcc, condition], `${bytes}`);
      assertEquals(decoded.target, PC + bytes.length + 0x10);
    }
  }
});

test("decode() finds the displacement relative to rip, also before an immediate", () => {
  assertEquals(decode(0x48, 0x8b, 0x05, 1, 2, 3, 4).displacement, 3, "mov rax, [rip + …]");
  assertEquals(decode(0xc7, 0x05, 1, 2, 3, 4, 9, 9, 9, 9).displacement, 2, "mov dword [rip + …], imm32");
  assertEquals(decode(0x48, 0x8b, 0x04, 0x25, 1, 2, 3, 4).displacement, 0, "mov rax, [abs32]");
  assertEquals(decode(0x48, 0x8b, 0x80, 1, 2, 3, 4).displacement, 0, "mov rax, [rax + …]");
});

test("decode() tells elision prefixes from others", () => {
  assertEquals(decode(0xf2, 0xf0, 0x0f, 0xb1, 0x0f).elidedPrefix, 0, "xacquire lock cmpxchg");
  assertEquals(decode(0xf0, 0xf3, 0x0f, 0xb1, 0x0f).elidedPrefix, 1, "lock xrelease cmpxchg");
  assertEquals(decode(0xf3, 0xc7, 0x07, 0, 0, 0, 0).elidedPrefix, 0, "xrelease mov");
  assertEquals(decode(0xf3, 0xa4).elidedPrefix, -1, "rep movsb");
  assertEquals(decode(0xf3, 0x0f, 0xb8, 0xc1).elidedPrefix, -1, "popcnt");
});

test("decode() tells bytes that are no instruction from instructions that are cut off", () => {
  assertEquals(decode(0x06).kind, Kind.Invalid);
  assertEquals(decodeAtEnd(0x06).kind, Kind.Invalid);
  assertEquals(decodeAtEnd(0xf3, 0x06).kind, Kind.Invalid);
  assertEquals(decodeAtEnd(0x48).kind, Kind.NoFetch);
  assertEquals(decodeAtEnd(0x0f, 0x84, 1).kind, Kind.NoFetch);
  assertEquals(decodeAtEnd(0x0f, 0x0b).kind, Kind.Plain, "ud2 faults by itself");
  assertEquals(decode(0x90).kind, Kind.Plain);
  assertEquals(new TextDecoder64(() => undefined).decode(PC).kind, Kind.NoFetch);
});

test("decode() sees text that has come behind a page after forget()", () => {
  const text = new Text();
  const decoder = new TextDecoder64(text.fetch);
  const pc = PC + PAGE - 1;
  text.put(pc, [0x0f]);
  assertEquals(decoder.decode(pc).kind, Kind.NoFetch);
  text.put(PC + PAGE, [0x05]);
  decoder.forget(PC + PAGE, PC + 2 * PAGE);
  assertEquals(decoder.decode(pc).kind, Kind.Syscall);
});

test("decode() never throws, whatever the bytes are", () => {
  let state = 12345;
  const noise = Array.from({ length: PAGE }, () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state >>> 16;
  });
  const decoder = new TextDecoder64(new Text().put(PC, noise).fetch);
  for (let offset = 0; offset < PAGE; offset++) {
    const { length, kind } = decoder.decode(PC + offset);
    assert(length > 0 || kind === Kind.Invalid || kind === Kind.NoFetch);
  }
});
