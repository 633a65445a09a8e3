/** With `tickproof/bun` preloaded, a manifest that is imported is checked, typed, and run by `bun test`. */
import { assertEquals } from "@std/assert";
import { test } from "tickproof";
import suite from "./small.suite.yaml";

test("an imported manifest is typed, and has its defaults", () => {
  assertEquals(suite.suite, "small");
  assertEquals(
    suite.tests.map(({ name, args }) => [name, args.length]),
    [
      ["says-hello", 1],
      ["known-failure", 0],
    ],
  );
});
