import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { compareKernels, firstBadKernel } from "./kernels.ts";

test("compareKernels() sorts versions as people do", () => {
  const sorted = [
    "5.15.0-91-generic",
    "6.1.0-9-amd64",
    "6.1.0-28-amd64",
    "6.6.8",
    "6.9",
    "6.10",
    "6.12-rc1",
    "6.12-rc7",
    "6.12",
    "6.12.1-rc1",
    "6.12.1",
    "6.12.8-cloud-amd64",
  ];
  for (let turn = 0; turn < sorted.length; turn++) {
    const other = [...sorted.slice(turn), ...sorted.slice(0, turn)].toReversed();
    assertEquals(other.toSorted(compareKernels), sorted);
  }
  assertEquals(compareKernels("6.1", "6.1"), 0);
});

test("firstBadKernel() is the first behind the last that passed, whoever ran it, in any order", () => {
  const on = (kernel: string, attempts: number, failed: number) => ({ kernel, attempts, failed });
  assertEquals(firstBadKernel([]), undefined);
  assertEquals(firstBadKernel([on("6.1", 3, 0)]), undefined);
  assertEquals(firstBadKernel([on("6.1", 3, 3)]), { first: on("6.1", 3, 3), good: undefined });
  assertEquals(
    firstBadKernel([on("6.10", 2, 1), on("6.9", 4, 0), on("6.12", 1, 1), on("6.10", 1, 1), on("6.1", 1, 1)]),
    { first: on("6.10", 3, 2), good: on("6.9", 4, 0) },
  );
  assertEquals(firstBadKernel([on("6.9", 1, 1), on("6.10", 1, 0)]), undefined, "it is mended");
  assertEquals(
    firstBadKernel([on("6.9", 1, 1), on("6.10", 0, 0)])?.first,
    on("6.9", 1, 1),
    "6.10 tells nothing",
  );
});
