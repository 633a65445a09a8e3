/** Fleets in a PostgreSQL of their own, for tests: what is sent here is run by stand-ins, not by the engine. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Server } from "../history/_stores.ts";
import { shellTest } from "../run/_fixtures.ts";
import type { TestCase } from "../run/mod.ts";
import type { JobResult } from "./protocol.ts";
import { FleetStore } from "./store.ts";
import type { Asked } from "./submit.ts";

/** A project with one manifest, `m.yaml`. */
export class SmallProject implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "tickproof-fleet-"));

  constructor(manifest = "suite: m\n") {
    writeFileSync(join(this.folder, "m.yaml"), manifest);
  }

  /** A test of its manifest. */
  test(name: string, more: Partial<TestCase> = {}): TestCase {
    const location = { file: join(this.folder, "m.yaml"), line: 1 };
    return shellTest("true", { id: `m/${name}`, suite: "m", name, location, ...more });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A run of tests with nothing asked for. */
export function asked(tests: readonly TestCase[], more: Partial<Asked> = {}): Asked {
  return {
    ...{ tests, repeat: 1, retry: 0, engine: undefined, force: false, catchTries: 1, keep: "none" as const },
    ...{ labels: [], eachHost: false },
    ...more,
  };
}

/** An empty database, and its address by the name of a role. */
export async function makeDatabase(server: Server, name: string): Promise<(role: string) => string> {
  await using root = new Bun.SQL(server.url("postgres"), { max: 1 });
  await root.unsafe(`CREATE DATABASE ${name}`);
  return (role) => server.url(name).replace("me@", `${role}@`);
}

/** Opens a fleet. */
export async function openFleet(url: string): Promise<FleetStore> {
  return await FleetStore.open({ kind: "postgres", url }, { warn: () => {} });
}

/** The result of a test that passed. */
export function passed(number = 1): JobResult {
  const engine = "embedded";
  return {
    engine,
    engineLabel: engine,
    attempts: [{ number, engine, verdict: { kind: "pass" }, milliseconds: {} }],
    problems: [],
  };
}
