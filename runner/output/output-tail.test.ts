import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { OutputTail } from "./output-tail.ts";

test("OutputTail keeps a short output whole, whatever becomes of the buffers", () => {
  const tail = new OutputTail();
  const buffer = Buffer.from("one ");
  tail.add(buffer);
  buffer.write("two ");
  tail.add(buffer);
  assertEquals(Buffer.from(tail.bytes()).toString(), "one two ");
});

test("OutputTail keeps the end of a long output", () => {
  const tail = new OutputTail();
  for (let line = 0; line < 300_000; line++) tail.add(Buffer.from(`line ${line}\n`));
  const text = Buffer.from(tail.bytes()).toString();
  assert(text.endsWith("line 299998\nline 299999\n"));
  assert(text.length < 1_100_000);
});
