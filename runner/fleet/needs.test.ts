import { test } from "bun:test";
import { assertEquals, assertMatch } from "@std/assert";
import { shellTest } from "../run/_fixtures.ts";
import type { TestCase } from "../run/mod.ts";
import { type Host, needsOf, obstacle, queueOf } from "./needs.ts";
import type { AgentFacts } from "./protocol.ts";

const ANY = { agent: null, labels: [], engine: undefined, force: false };

function host(name: string, more: Partial<AgentFacts> = {}, labels: readonly string[] = []): Host {
  const facts: AgentFacts = {
    kernel: "6.1.0",
    cpu: "a processor",
    bun: "1",
    engines: { embedded: "embedded", rr: { refusal: "rr is not installed", missing: ["rr-installed"] } },
    capabilities: { pmu: { state: "no", evidence: "ENOENT" } },
    broken: {},
    ...more,
  };
  return { name, labels, facts };
}

const plain: TestCase = shellTest("true");
const forPmu: TestCase = {
  ...plain,
  conditions: { ...plain.conditions, requires: [{ when: ["pmu"], engine: [] }] },
};
const withPmu = { capabilities: { pmu: { state: "yes" as const, evidence: "312 counted" } } };

test("obstacle() holds what a test requires against what an agent has found, with the evidence", () => {
  const needs = needsOf(forPmu, ANY);
  assertEquals(obstacle(needs, host("beta", withPmu)), undefined);
  const lacks = obstacle(needs, host("alpha"));
  assertEquals(lacks?.missing, ["pmu"]);
  assertMatch(lacks?.text ?? "", /alpha has no 'pmu' \(ENOENT\)/);
  assertEquals(obstacle(needsOf(plain, ANY), host("alpha")), undefined);
});

test("obstacle() takes labels, names of agents, and engines", () => {
  const labelled = needsOf(plain, { ...ANY, labels: ["big", "arm"] });
  assertMatch(obstacle(labelled, host("alpha", {}, ["big"]))?.text ?? "", /alpha has no label 'arm'/);
  assertEquals(obstacle(labelled, host("arm", {}, ["big"])), undefined);
  const only = needsOf(plain, { ...ANY, agent: "beta" });
  assertMatch(obstacle(only, host("alpha"))?.text ?? "", /alpha is not beta/);
  const byRr = needsOf(plain, { ...ANY, engine: "rr" });
  assertEquals(obstacle(byRr, host("alpha"))?.missing, ["rr-installed"]);
  const engines = { embedded: "embedded", rr: { label: "rr 5.9.0", fit: true } };
  assertEquals(obstacle(byRr, host("alpha", { engines })), undefined);
  assertEquals(obstacle(needsOf(plain, { ...ANY, engine: "auto" }), host("alpha")), undefined);
});

test("queueOf() is the same for tests that need the same, whatever they are called", () => {
  const queue = (test: TestCase, more = {}) => queueOf(needsOf(test, { ...ANY, ...more }));
  assertEquals(queue(plain), queue({ ...plain, id: "other/test", args: ["x"] }));
  const queues = [
    queue(plain),
    queue(forPmu),
    queue(plain, { labels: ["a"] }),
    queue({ ...plain, exclusive: ["disk"] }),
  ];
  assertEquals(new Set(queues).size, queues.length);
  assertEquals(queue(plain, { labels: ["a", "b"] }), queue(plain, { labels: ["b", "a"] }));
});
