/** What a straight run retires follows from its instructions: no piece but those that are asked to branches. */
import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { Decoder, DecoderOptions, FlowControl } from "iced-x86";
import { encodeListing, parseListing } from "../stubs/listing.ts";
import { STRAIGHT_RUN_LISTINGS } from "../stubs/straight-run.ts";

/** Conditional branches of a piece, as (offset → target) pairs. */
function conditionalBranches(source: string): [bigint, bigint][] {
  const listing = parseListing(source);
  const code = encodeListing(listing, Object.fromEntries(listing.literals.map(({ name }) => [name, 0])));
  const decoder = new Decoder(64, code, DecoderOptions.None);
  const found: [bigint, bigint][] = [];
  while (decoder.canDecode) {
    const instruction = decoder.decode();
    if (instruction.flowControl === FlowControl.ConditionalBranch) {
      found.push([instruction.ip, instruction.nearBranchTarget]);
    }
  }
  return found;
}

test("a straight run has conditional branches only where branches are asked for", () => {
  const { branches, abortedTransaction, ...others } = STRAIGHT_RUN_LISTINGS;
  for (const source of Object.values(others)) assertEquals(conditionalBranches(source), []);
  for (const source of [branches, abortedTransaction]) {
    const listing = parseListing(source);
    // One, back to the decrement of what the step has set to its count: it retires count times.
    assertEquals(
      conditionalBranches(source).map(([, target]) => target),
      [BigInt(listing.labels.get("again") ?? -1)],
    );
    const loop = listing.lines.findIndex(({ offset }) => offset === listing.labels.get("again"));
    assertEquals(
      listing.lines.slice(loop - 1, loop + 2).map(({ text }) => text.trim()),
      ["mov rcx, {count}", "dec rcx", "jne again"],
    );
  }
});
