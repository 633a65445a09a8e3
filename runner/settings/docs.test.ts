/** docs/settings.md: its example loads, and no key of the schema is missing in it. */
import { test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { settingsSchema } from "./schema.ts";

const TEXT = readFileSync(resolve(import.meta.dir, "../../docs/settings.md"), "utf8");
const [, EXAMPLE = ""] = /^```yaml\n([\s\S]*?)^```$/m.exec(TEXT) ?? [];

test("docs/settings.md has an example that the schema takes", () => {
  const result = settingsSchema.safeParse(parse(EXAMPLE));
  assert(result.success, String(result.error));
});

test("docs/settings.md tells of every key", () => {
  const keys = Object.keys(settingsSchema.shape);
  assertEquals(
    keys.filter((key) => !new RegExp(`^${key}:`, "m").test(EXAMPLE)),
    [],
  );
});
