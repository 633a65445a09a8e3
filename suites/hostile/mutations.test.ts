/** Mutations of a trace: none hangs, ends in a stack trace, or takes more than 1 GB. More of them: see `mutate.ts`. */

import { test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { mutations } from "./mutate.ts";

/** Few where somebody waits for the tests; `.ci/run` wants more. */
const COUNT = Number(process.env.MUTATIONS ?? 100);

/** Some 70 ms each on a busy machine. */
const TIMEOUT = 60_000 + COUNT * 500;

test(
  `${COUNT} mutations of a trace end well`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "tickproof-mutations-"));
    try {
      const program = ["sh", "-c", "trap : USR1; kill -USR1 $$; (:); read x < /etc/hostname"];
      const { wrong, diverged, refused, replayed } = await mutations(program, folder, 0, COUNT);
      assertEquals(wrong, []);
      assert(diverged > 0 && refused > 0 && replayed > 0, "mutations of all outcomes");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  TIMEOUT,
);
