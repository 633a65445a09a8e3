import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { traceName } from "./trace-name.ts";

test("traceName() names the tool that is meant", () => {
  const names: [command: string, name: string][] = [
    ["npx vitest run", "vitest"],
    ["npx --yes jest", "jest"],
    ["npm test", "npm-test"],
    ["npm run check", "npm-check"],
    ["go test ./...", "go-test"],
    ["node --test", "node"],
    ["node a/b.test.js", "node-b.test.js"],
    ["pytest -q", "pytest"],
    ["timeout 5 env A=1 make check", "make-check"],
    ["./run tests", "run"],
    ["/opt/my tests", "my"],
    ["..", "trace"],
    ["./-x", "x"],
  ];
  for (const [command, name] of names) assertEquals(traceName(command.split(" ")), name, command);
});
