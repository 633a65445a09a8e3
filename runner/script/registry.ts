/**
 * Where `test()` puts its tests. Who runs a script decides what becomes of them: tickproof's own runner gathers
 * them first, `bun test` takes each at once.
 */
import type { Hook, HookName, Script, TestDefinition } from "./definition.ts";

/** Takes what a script says. */
export interface Registrar {
  test(definition: TestDefinition): void;
  hook(name: HookName, fn: Hook): void;
}

/** A registrar that gathers. */
export class Collector implements Registrar, Script {
  readonly tests: TestDefinition[] = [];
  readonly hooks: Record<HookName, Hook[]> = { beforeAll: [], beforeEach: [], afterEach: [], afterAll: [] };

  test(definition: TestDefinition): void {
    const { name, location } = definition;
    const twin = this.tests.find((known) => known.name === name);
    if (twin) {
      throw new TypeError(
        `Cannot add a second test named '${name}' (${location.file}:${location.line}): ` +
          `the first one is at line ${twin.location.line}; give them different names`,
      );
    }
    this.tests.push(definition);
  }

  hook(name: HookName, fn: Hook): void {
    this.hooks[name].push(fn);
  }
}

let current: Registrar | undefined;

/**
 * Decides who takes the tests of scripts that are imported from now on.
 *
 * @returns Who took them before.
 */
export function setRegistrar(registrar: Registrar | undefined): Registrar | undefined {
  const before = current;
  current = registrar;
  return before;
}

/**
 * Who takes tests now.
 *
 * @throws {TypeError} If a script was started by itself.
 */
export function registrar(): Registrar {
  if (current) return current;
  throw new TypeError(
    "Cannot add a test as nobody runs this script: start it with 'tickproof suites FILE', " +
      "or with 'bun test' and preload = [\"tickproof/bun\"] in bunfig.toml",
  );
}
