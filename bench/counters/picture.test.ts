import { test } from "bun:test";
import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { REPORT } from "./_fixtures.ts";
import { drawCounters, pictureSpec } from "./picture.ts";

test("pictureSpec() has the bins of each side as shares, and their medians", () => {
  const { data } = pictureSpec(REPORT);
  const values = (data as { values: Record<string, unknown>[] }).values;
  assertEquals(
    values.filter(({ operation }) => operation === "read, raw stub: 1.05× C"),
    (["C", "Bun"] as const).flatMap((side) => {
      const [operation, median] = ["read, raw stub: 1.05× C", side === "C" ? 400 : 420];
      return [
        { operation, side, nanoseconds: median, share: 0.8 },
        { operation, side, nanoseconds: median + 1, share: 0.1 },
        { operation, side, nanoseconds: median + 2, share: 0 },
        { operation, side, nanoseconds: median },
      ];
    }),
  );
});

test("drawCounters() gives an SVG with a panel for each row that was measured", async () => {
  const svg = await drawCounters(REPORT);
  assertMatch(svg, /^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  for (const title of [
    "empty call: 1.14× C",
    "read, raw stub: 1.05× C",
    "open + close",
    "a processor, 2 cores",
  ]) {
    assertStringIncludes(svg, `>${title}<`);
  }
  assertFalse(svg.includes("rdpmc"));
});
