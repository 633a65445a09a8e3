/** Turns that end between any two instructions lose nothing of what the x87 unit says of its last one. */
import { test } from "bun:test";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { findCompiler } from "../runner/programs/compiler.ts";
import { proveSame, run, Scratch, TEST_TIMEOUT } from "./_tickproof.ts";

test(
  "a program that asks the x87 unit in each way replays whatever the schedule",
  () => {
    using scratch = new Scratch();
    const [source, program] = [join(import.meta.dir, "programs/x87_places.c"), scratch.file("program")];
    const built = run([...findCompiler(process.env, "c").command, "-O1", "-pthread", source, "-o", program]);
    assertEquals(built.exit, { code: 0 }, built.stderr);
    for (const seed of [3, 4, 5]) {
      const { record } = proveSame([program], { record: [`--chaos=${seed}`] });
      assertEquals(record.exit, { code: 0 }, `seed ${seed}`);
    }
  },
  TEST_TIMEOUT,
);
