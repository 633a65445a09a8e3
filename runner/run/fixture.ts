/**
 * A fixture: programs that set up what tests need, and tear it down again. What a setup leaves running (a server, say)
 * lives until its fixture is torn down; that happens whatever has become of the tests, also after Ctrl-C.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describeExit, lastLines } from "../engines/mod.ts";
import type { HookProgram } from "../manifest/mod.ts";
import { runProcess } from "./process.ts";

/** File whose lines NAME=VALUE become variables of what a setup is for. */
const ENVIRONMENT_FILE = "TICKPROOF_ENV";

/** What is set up and torn down. */
export interface Fixture {
  setup?: readonly HookProgram[] | undefined;
  teardown?: readonly HookProgram[] | undefined;
}

/** Where and with what the programs of a fixture run. */
export interface FixtureSurroundings {
  /** For messages: "the setup of the manifest core.yaml" has "the manifest core.yaml". */
  of: string;
  /** Folder that they run in. */
  cwd: string;
  /** Folder that paths of commands are relative to. */
  base: string;
  environment: Readonly<Record<string, string>>;
  /** Seconds for each program that names none of its own. */
  timeoutSeconds: number;
  /** File for what a program prints or hands on; made when it is written to. */
  file: (what: string) => string;
  /** Ends a setup before its time; a teardown is never ended by it. */
  abort: AbortSignal;
}

/** A setup or a teardown that went wrong: what it has to say of it, with its output. */
export class FixtureFailure extends Error {}

/** The run was ended while something was set up. */
export class FixtureAborted extends Error {}

/** What stands, to be torn down once. */
export interface StandingFixture {
  /** Variables that the setup has handed on. */
  readonly environment: Readonly<Record<string, string>>;
  /**
   * Runs the teardown, all of its programs, and ends what the setup has left running.
   *
   * @throws {FixtureFailure} If one of them fails.
   */
  tearDown(): Promise<void>;
}

/**
 * Sets a fixture up.
 *
 * @throws {FixtureFailure} If a program of it fails; what stood by then is torn down.
 * @throws {FixtureAborted} Likewise, if the run is ended meanwhile.
 */
export async function setUp(fixture: Fixture, around: FixtureSurroundings): Promise<StandingFixture> {
  const environment: Record<string, string> = {};
  const services: (() => void)[] = [];
  const tearDown = async () => {
    try {
      await tearDownAll(fixture.teardown ?? [], {
        ...around,
        environment: { ...around.environment, ...environment },
      });
    } finally {
      for (const end of services) end();
    }
  };
  try {
    for (const [at, hook] of (fixture.setup ?? []).entries()) {
      const handedOn = around.file(`setup-${at + 1}.env`);
      const given = { ...around.environment, ...environment, [ENVIRONMENT_FILE]: handedOn };
      const ended = await runHook(
        hook,
        `setup-${at + 1}`,
        "setup",
        { ...around, environment: given },
        around.abort,
      );
      services.push(ended);
      Object.assign(environment, readVariables(handedOn, around.of));
    }
  } catch (error) {
    await tearDown().catch((second) => {
      if (second instanceof FixtureFailure && error instanceof FixtureFailure)
        error.message += `\n${second.message}`;
      else if (!(second instanceof FixtureFailure)) throw second;
    });
    throw error;
  }
  return { environment, tearDown };
}

/** Runs all programs of a teardown, also behind one that fails. */
async function tearDownAll(hooks: readonly HookProgram[], around: FixtureSurroundings): Promise<void> {
  const failures: string[] = [];
  for (const [at, hook] of hooks.entries()) {
    try {
      const ended = await runHook(
        hook,
        `teardown-${at + 1}`,
        "teardown",
        around,
        new AbortController().signal,
      );
      ended();
    } catch (error) {
      if (!(error instanceof FixtureFailure)) throw error;
      failures.push(error.message);
    }
  }
  if (failures.length > 0) throw new FixtureFailure(failures.join("\n"));
}

/** Runs one program. @returns Ends what it has left running. */
async function runHook(
  { command, args, environment, timeout }: HookProgram,
  name: string,
  what: "setup" | "teardown",
  { of, cwd, base, environment: around, timeoutSeconds, file }: FixtureSurroundings,
  abort: AbortSignal,
): Promise<() => void> {
  const words = [command, ...args].join(" ");
  const failed = (how: string) => new FixtureFailure(`the ${what} of ${of} ${how}: ${words}`);
  const path = command.includes("/") ? resolve(base, command) : Bun.which(command);
  if (path === null || !existsSync(path))
    throw failed(`can't be run, since there is no '${path ?? command}'`);
  const [stdout, stderr] = [file(`${name}.stdout`), file(`${name}.stderr`)];
  const seconds = timeout ?? timeoutSeconds;
  const end = await runProcess({
    command: [path, ...args],
    cwd,
    environment: { ...around, ...environment },
    stdin: undefined,
    stdout,
    stderr,
    timeoutSeconds: seconds,
    services: true,
    abort,
  });
  if (end.kind === "aborted") throw new FixtureAborted();
  const printed = [stdout, stderr].map((path) => lastLines(readFileSync(path))).filter((text) => text !== "");
  const withOutput = (how: string) => {
    const failure = failed(how);
    failure.message = [
      failure.message,
      ...printed
        .join("\n")
        .split("\n")
        .filter(Boolean)
        .map((line) => `  ${line}`),
    ].join("\n");
    return failure;
  };
  if (end.kind === "timeout") throw withOutput(`took longer than ${seconds} s`);
  if (end.kind === "stopped") throw withOutput(`was stopped (${end.reason})`);
  if ("code" in end.exit && end.exit.code === 0) return end.endServices;
  end.endServices();
  throw withOutput(`ended with ${describeExit(end.exit)}`);
}

/** @throws {FixtureFailure} If a line of the file is none of NAME=VALUE. */
function readVariables(file: string, of: string): Record<string, string> {
  if (!existsSync(file)) return {};
  const lines = readFileSync(file, "utf8").split("\n");
  const variables = lines.flatMap((line, at) => {
    if (line === "") return [];
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) return [[name, value]];
    const where = `the setup of ${of}: line ${at + 1} of $${ENVIRONMENT_FILE}`;
    throw new FixtureFailure(`${where} is ${JSON.stringify(line)}: it must be NAME=VALUE`);
  });
  return Object.fromEntries(variables);
}
