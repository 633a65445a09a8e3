/** Which command runs a project's tests: read from the files that its tools keep, and from what those say. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a project is, as far as setting it up goes. */
export interface Project {
  /** What it calls itself; the folder's name where it does not. */
  name: string;
  /** The words that run its tests; undefined where none are found. */
  command: readonly string[] | undefined;
  /** The file that says so, for people. */
  because: string;
  /** Words that install what it needs, in CI. */
  install: string | undefined;
  /** It is written in TypeScript, or at least set up for it. */
  hasTypes: boolean;
}

type Found = Pick<Project, "command" | "because" | "install"> & { name?: string };
type Files = (name: string) => boolean;

/** What `npm init` writes where there are no tests. */
const NO_TESTS = /no test specified/;

/** How each package manager of JavaScript starts a script, runs a program and installs; found by its lock file. */
const MANAGERS: readonly { lock: readonly string[]; test: string[]; exec: string[]; install: string }[] = [
  {
    lock: ["bun.lock", "bun.lockb"],
    test: ["bun", "run", "test"],
    exec: ["bunx"],
    install: "bun install --frozen-lockfile",
  },
  {
    lock: ["pnpm-lock.yaml"],
    test: ["pnpm", "test"],
    exec: ["pnpm", "exec"],
    install: "pnpm install --frozen-lockfile",
  },
  { lock: ["yarn.lock"], test: ["yarn", "test"], exec: ["yarn"], install: "yarn install --immutable" },
  { lock: ["package-lock.json"], test: ["npm", "test"], exec: ["npx"], install: "npm ci" },
];
const NPM = { test: ["npm", "test"], exec: ["npx"], install: "npm install" };

/** Test runners by the package that brings them. */
const RUNNERS: readonly (readonly [name: string, words: readonly string[]])[] = [
  ["vitest", ["vitest", "run"]],
  ["jest", ["jest"]],
  ["mocha", ["mocha"]],
  ["ava", ["ava"]],
];

/** What is of use in package.json; what is not as npm has it counts as missing. */
const packages = z.record(z.string(), z.unknown()).catch({});
const packageJson = z.object({
  name: z.string().optional().catch(undefined),
  scripts: z.object({ test: z.string().optional().catch(undefined) }).catch({}),
  dependencies: packages,
  devDependencies: packages,
});

/** A file of JSON, which may begin with a byte order mark as npm allows; undefined where it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function javascript(has: Files, read: (name: string) => string): Found | undefined {
  if (!has("package.json")) return undefined;
  const { data } = packageJson.safeParse(parseJson(read("package.json")));
  if (data === undefined)
    return { command: undefined, because: "package.json is no object of JSON", install: undefined };
  const { name, scripts, dependencies, devDependencies } = data;
  const manager = MANAGERS.find(({ lock }) => lock.some(has)) ?? NPM;
  const around = { ...(name !== undefined && { name }), install: manager.install };
  if (scripts.test !== undefined && !NO_TESTS.test(scripts.test)) {
    return { ...around, command: manager.test, because: `package.json: scripts.test is '${scripts.test}'` };
  }
  const runner = RUNNERS.find(([known]) => known in { ...dependencies, ...devDependencies });
  if (runner)
    return { ...around, command: [...manager.exec, ...runner[1]], because: `package.json has ${runner[0]}` };
  if (manager.test[0] === "bun") return { ...around, command: ["bun", "test"], because: "bun.lock" };
  return { ...around, command: undefined, because: "package.json has no script 'test'" };
}

/** Targets of a Makefile that run tests, the usual ones first. */
const TARGETS = ["check", "test", "tests"];

function make(has: Files, read: (name: string) => string): Found | undefined {
  const file = ["GNUmakefile", "makefile", "Makefile"].find(has);
  if (file === undefined) return undefined;
  const text = read(file);
  const target = TARGETS.find((name) => new RegExp(`^${name}\\s*:`, "m").test(text));
  if (target === undefined) return undefined;
  return { command: ["make", target], because: `${file} has a target '${target}'`, install: undefined };
}

function python(has: Files, read: (name: string) => string, names: readonly string[]): Found | undefined {
  const settings = ["pytest.ini", "pyproject.toml", "setup.cfg", "tox.ini", "setup.py"].find(has);
  const tests = names.find((name) => /^(test_.*|.*_test)\.py$/.test(name));
  const folder = ["tests", "test"].find((name) => names.includes(`${name}/`));
  if (settings === undefined && tests === undefined) return undefined;
  const text = settings === undefined ? "" : read(settings);
  const because = tests ?? settings ?? "";
  const install = has("requirements.txt") ? "pip install -r requirements.txt" : undefined;
  const usesPytest =
    settings === "pytest.ini" || /pytest/.test(text) || tests !== undefined || folder !== undefined;
  return { command: usesPytest ? ["python3", "-m", "pytest"] : undefined, because, install };
}

/** Looks at a folder; the first kind of project that has a test command is it. */
export function findProject(folder: string): Project {
  const entries = readdirSync(folder, { withFileTypes: true });
  const names = entries.map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name));
  const has: Files = (name) => existsSync(join(folder, name));
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  const one = (file: string, command: string[], install?: string): Found | undefined =>
    has(file) ? { command, because: file, install } : undefined;
  const candidates = [
    javascript(has, read),
    one("Cargo.toml", ["cargo", "test"]),
    one("go.mod", ["go", "test", "./..."]),
    python(has, read, names),
    one("meson.build", ["meson", "test", "-C", "build"], "meson setup build && meson compile -C build"),
    one("CMakeLists.txt", ["ctest", "--test-dir", "build"], "cmake -B build && cmake --build build"),
    make(has, read),
  ].filter((found) => found !== undefined);
  const found = candidates.find(({ command }) => command !== undefined) ?? candidates[0];
  const own = candidates.find(({ name }) => name !== undefined)?.name;
  return {
    name: own ?? folder.split("/").findLast((part) => part !== "") ?? "project",
    command: found?.command,
    because: found?.because ?? "no file tells of tests",
    install: found?.install,
    hasTypes: has("tsconfig.json"),
  };
}
