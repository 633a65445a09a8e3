import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { failedTests } from "./failed-tests.ts";

/** Lines as the runners print them, with the tests that they tell of. */
const SAMPLES: Readonly<Record<string, { output: string; names: string[] }>> = {
  TAP: { output: "ok 1 - a\nnot ok 2 - b c\nnot ok 3 - d # TODO later\nnot ok 4 e\n", names: ["b c", "e"] },
  "node --test": {
    output: "✔ adds (0.5ms)\n✖ takes away (1.25ms)\n✖ failing tests:\n✖ takes away (1.25ms)\n",
    names: ["takes away"],
  },
  Vitest: {
    output:
      "\u001b[31m FAIL \u001b[39m a.test.js\u001b[2m > \u001b[22mbad\n AssertionError: expected 1\n\u001b[2m Test Files \u001b[22m 1 failed (1)\n",
    names: ["a.test.js > bad"],
  },
  pytest: {
    output:
      "test_a.py .F\nFAILED test_a.py::test_b[x y] - assert 1 == 2\nERROR test_c.py::test_d\n1 failed in 0.1s\n",
    names: ["test_a.py::test_b[x y]", "test_c.py::test_d"],
  },
  unittest: { output: "FAIL: test_a (t.T.test_a)\nFAILED (failures=1)\n", names: ["test_a (t.T.test_a)"] },
  "go test": {
    output:
      "--- FAIL: TestA (0.00s)\n    --- FAIL: TestA/sub (0.00s)\nFAIL\nFAIL\ta.org/b\t0.003s\nFAIL\ta.org/c [build failed]\nFAIL\n",
    names: ["TestA", "TestA/sub", "a.org/c"],
  },
  "cargo test": { output: "test a::b ... ok\ntest a::c ... FAILED\n", names: ["a::c"] },
  ctest: {
    output:
      "The following tests FAILED:\n\t  2 - crashes (SEGFAULT)\n\t  3 - wrong (Failed)\nErrors while running CTest\n",
    names: ["crashes", "wrong"],
  },
  "bun test": { output: "(pass) a [0.1ms]\n(fail) b > c [1.20ms]\n", names: ["b > c"] },
  Automake: { output: "PASS: a\nFAIL: b.sh\n", names: ["b.sh"] },
  make: { output: "make[1]: *** [Makefile:3: check] Error 1\n", names: ["Makefile:3: check"] },
};

for (const [runner, { output, names }] of Object.entries(SAMPLES)) {
  test(`failedTests() finds those of ${runner}`, () => assertEquals(failedTests(output), names));
}

test("failedTests() finds none where none failed", () => {
  const output = "ok 1 - not ok at all\n✔ FAIL is a word\ntest a ... ok\n100% tests passed\n";
  assertEquals(failedTests(output), []);
});
