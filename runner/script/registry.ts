/**
 * Where `test()` puts its tests. Who runs a script decides what becomes of them: tickproof's own runner gathers
 * them first, `bun test` takes each at once.
 */
import type { Group, Hook, HookName, Script, TestDefinition } from "./definition.ts";

/** Takes what a script says. */
export interface Registrar {
  test(definition: TestDefinition): void;
  hook(name: HookName, fn: Hook): void;
  /** Runs a function whose tests and hooks are of a group. */
  group(name: string, fn: () => void, how: GroupOptions): void;
}

/** What is said of all tests of a group. */
export interface GroupOptions {
  ignore?: boolean | string;
  only?: boolean;
}

const noHooks = (): Record<HookName, Hook[]> => ({
  beforeAll: [],
  beforeEach: [],
  afterEach: [],
  afterAll: [],
});

/** A registrar that gathers. */
export class Collector implements Registrar, Script {
  readonly tests: TestDefinition[] = [];
  readonly hooks: Record<HookName, Hook[]> = noHooks();
  /** The groups that are open, the outermost first. */
  #open: readonly (Group & GroupOptions)[] = [];

  test(given: TestDefinition): void {
    const definition = this.#inGroups(given);
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
    (this.#open.at(-1) ?? this).hooks[name].push(fn);
  }

  group(name: string, fn: () => void, how: GroupOptions): void {
    const outer = this.#open;
    this.#open = [...outer, { name, hooks: noHooks(), ...how }];
    try {
      fn();
    } finally {
      this.#open = outer;
    }
  }

  /** A test with the names of its groups before its own. */
  #inGroups(test: TestDefinition): TestDefinition {
    if (this.#open.length === 0) return test;
    const ignore = test.ignore || this.#open.find((group) => group.ignore)?.ignore;
    const only = test.only || this.#open.some((group) => group.only);
    return {
      ...test,
      name: [...this.#open.map((group) => group.name), test.name].join(" > "),
      groups: this.#open,
      ...(ignore && { ignore }),
      ...(only && { only }),
    };
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
