/** The tests that would be run, a line each or as JSON. */
import { print } from "../output/mod.ts";
import type { TestCase } from "../run/mod.ts";

/** A test in `--list --json`. */
export interface ListedTest {
  id: string;
  suite: string;
  name: string;
  tags: readonly string[];
  /** Source, program or script that it runs. */
  target: string;
  args: readonly string[];
  /** Why it is not run, where its manifest says so. */
  skip?: string;
}

function listed({ id, suite, name, tags, target, args, skip }: TestCase): ListedTest {
  const path = target.kind === "host" ? target.name : target.path;
  return { id, suite, name, tags, target: path, args, ...(skip !== undefined && { skip }) };
}

/** Prints the tests. */
export function listTests(tests: readonly TestCase[], json: boolean): void {
  if (json) {
    print(`${JSON.stringify(tests.map(listed), null, 2)}\n`);
    return;
  }
  for (const { id, tags } of tests) {
    print(`${id}${tags.length > 0 ? `  (${tags.join(", ")})` : ""}\n`);
  }
}
