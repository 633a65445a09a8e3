import { test } from "bun:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { expandMatrix, type Matrix } from "./matrix.ts";

function labels(matrix: Matrix): string[] {
  const expansion = expandMatrix(matrix);
  assert("points" in expansion);
  return [...expansion.points.keys()];
}

function problem(matrix: Matrix) {
  const expansion = expandMatrix(matrix);
  assert(!("points" in expansion));
  return expansion;
}

test("expandMatrix() makes each combination of the axes, with a label", () => {
  assertEquals(labels({ engine: ["rr", "embedded"], args: [["2"], ["-n", "a b"]] }), [
    "engine=rr,args=2",
    "engine=rr,args=-n_a_b",
    "engine=embedded,args=2",
    "engine=embedded,args=-n_a_b",
  ]);
  assertEquals(labels({ host: ["./hosts/mine.yaml", null], environment: { A: ["1"], B: ["2", "3"] } }), [
    "host=mine,A=1,B=2",
    "host=mine,A=1,B=3",
    "host=this,A=1,B=2",
    "host=this,A=1,B=3",
  ]);
});

test("expandMatrix() leaves out what is excluded, and adds what is included", () => {
  const axes = { args: [["1"], ["2"]], environment: { A: ["x", "y"] } };
  assertEquals(
    labels({ ...axes, exclude: [{ args: ["1"], environment: { A: "y" } }], include: [{ args: ["3"] }] }),
    ["args=1,A=x", "args=2,A=x", "args=2,A=y", "args=3"],
  );
  assertEquals(labels({ include: [{ args: ["3"] }] }), ["args=3"]);
});

test("expandMatrix() keeps labels apart that would be the same", () => {
  assertEquals(labels({ args: [["a b"], ["a", "b"]] }), ["args=a_b", "args=a_b#1"]);
});

test("expandMatrix() says what is wrong, and where", () => {
  const vain = problem({ args: [["1"], ["2"]], exclude: [{ args: ["1"] }, { args: ["9"] }] });
  assertEquals(vain.path, ["exclude", 1]);
  assertStringIncludes(problem({ args: [["1"], ["1"]] }).message, "'args=1' twice");
  assertStringIncludes(problem({ args: [["1"]], exclude: [{ args: ["1"] }] }).message, "makes no test");
  assertStringIncludes(problem({}).message, "makes no test");
});

test("expandMatrix() refuses more than a thousand, without making them", () => {
  const many = Array.from({ length: 1000 }, (_, index) => String(index));
  const { message } = problem({ environment: { A: many, B: many, C: many, D: many, E: many } });
  assertStringIncludes(message, "makes 1000000000000000 tests of one: at most 1000");
});
