/** The README's first five minutes, word for word, in fresh projects that have the package from a registry. */
import { afterAll, beforeAll, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile } from "../runner/compiled/build.ts";
import { MANIFEST } from "../runner/compiled/current.ts";
import { plainEnvironment, Registry } from "./_registry.ts";

const ROOT = resolve(import.meta.dir, "..");
/** Milliseconds for an installation and the recordings of a test suite on a busy machine. */
const TEST_TIMEOUT = 600_000;
const README = readFileSync(join(ROOT, "README.md"), "utf8");
const [, SECTION = ""] = /^## Your first five minutes\n([\s\S]*?)^## /m.exec(README) ?? [];

/** Blocks of the section: what stands behind the fence, and the text. */
const blocks = [...SECTION.matchAll(/^```(\S.*)\n([\s\S]*?)^```$/gm)].map(([, info = "", text = ""]) => ({
  info,
  text,
}));
const commandsFor = (manager: string) =>
  blocks.filter(({ info }) => info === `sh ${manager}`).flatMap(({ text }) => text.trim().split("\n"));

/** A test that fails the first time that it runs, as flaky ones do. */
const FLAKY = (importTest: string) => `
import { existsSync, writeFileSync } from "node:fs";
${importTest}
test("sums are in order", () => {
  if (existsSync("seen")) return;
  writeFileSync("seen", "");
  throw new Error("1 + 1 is 3");
});
`;
const NODE_TEST = 'import test from "node:test";';
const BUN_TEST = 'import { test } from "bun:test";';

/** What the commands end with, where that is not 0: the first run fails, and so does its replay. */
const ENDS: readonly (readonly [words: RegExp, code: number])[] = [
  [/ tickproof run -- /, 1],
  [/ tickproof replay$/, 1],
];

const reason = Bun.which("npm") === null ? "no npm here" : undefined;
const packageTest = (name: string, fn: () => void | Promise<void>) =>
  reason === undefined ? test(name, fn, TEST_TIMEOUT) : test.skip(`${name} (skipped: ${reason})`, fn);

let scratch = "";
let registry: Registry | undefined;
beforeAll(async () => {
  if (reason !== undefined) return;
  if (!existsSync(MANIFEST)) await compile();
  scratch = mkdtempSync(join(tmpdir(), "tickproof-minutes-"));
  registry = new Registry();
  // Both package managers read it: the one thing that tells this registry from the world's.
  mkdirSync(join(scratch, "home"));
  writeFileSync(
    join(scratch, "home/.npmrc"),
    `registry=${registry.url}\naudit=false\nfund=false\nupdate-notifier=false\n`,
  );
  mkdirSync(join(scratch, "bun"));
  for (const name of ["bun", "bunx"]) symlinkSync(process.execPath, join(scratch, "bun", name));
}, TEST_TIMEOUT);
afterAll(() => {
  registry?.[Symbol.dispose]();
  if (scratch !== "") rmSync(scratch, { recursive: true, force: true });
});

/** A fresh project outside of any checkout. */
function project(name: string, files: Record<string, string>): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  return folder;
}

/** Folders of PATH without those that have a Bun or a tickproof: a machine that has Node alone. */
const plainPath = () =>
  (process.env.PATH ?? "")
    .split(":")
    .filter((folder) => !["bun", "tickproof"].some((program) => existsSync(join(folder, program))));

/** Runs the README's commands in a project, and says what each printed. */
async function fiveMinutes(folder: string, manager: "npm" | "bun"): Promise<Map<string, string>> {
  const home = join(scratch, "home");
  const PATH = [...(manager === "bun" ? [join(scratch, "bun")] : []), ...plainPath()].join(":");
  const env = { ...plainEnvironment(), HOME: home, PATH, NO_COLOR: "1" };
  for (const { info, text } of blocks) {
    const [, file] = /^ts (\S+)$/.exec(info) ?? [];
    if (file !== undefined) writeFileSync(join(folder, file), text);
  }
  const outputs = new Map<string, string>();
  for (const command of commandsFor(manager)) {
    // The registry is in this process, which must not stand still.
    const child = Bun.spawn(["sh", "-c", `exec 2>&1; ${command}`], {
      cwd: folder,
      env,
      stdin: "ignore",
      stdout: "pipe",
    });
    const output = await new Response(child.stdout).text();
    const exitCode = await child.exited;
    const expected = ENDS.find(([words]) => words.test(command))?.[1] ?? 0;
    assertEquals(exitCode, expected, `${command}\n${output}`);
    outputs.set(command, output);
  }
  return outputs;
}

/** What the commands must have said. */
function checkOutputs(outputs: Map<string, string>, start: "npx" | "bunx"): void {
  const of = (words: string) =>
    [...outputs].find(([command]) => command.startsWith(`${start} ${words}`))?.[1] ?? "";
  const failure = of("tickproof run");
  assertMatch(failure, /^ {2}tests? +.*sums are in order$/m);
  assertMatch(failure, new RegExp(`^ {2}replay +${start} tickproof replay \\S+-\\d+$`, "m"));
  assertStringIncludes(of("tickproof replay"), "1 + 1 is 3");
  assertStringIncludes(of("tickproof init"), "wrote tickproof.yaml\n");
  assertMatch(of("tickproof suites"), /^1 passed, 0 failed$/m);
  assertMatch(of("tickproof suites hello.script.ts"), /^1 passed, 0 failed$/m);
}

test("the README's first section has commands for npm and for Bun, and a script", () => {
  assertEquals(commandsFor("npm").length, commandsFor("bun").length);
  assert(commandsFor("npm").length >= 6, SECTION);
  assertEquals(blocks.filter(({ info }) => info.startsWith("ts ")).length, 1);
});

packageTest("five minutes with npm in a strict TypeScript project", async () => {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: "es2022",
    lib: ["es2022"],
    types: [],
    module: "nodenext",
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
  };
  const folder = project("strict", {
    "package.json": JSON.stringify({ name: "strict", type: "module", scripts: { test: "node --test" } }),
    "tsconfig.json": JSON.stringify({ compilerOptions, include: ["*.ts"] }),
    "sums.test.mjs": FLAKY(NODE_TEST),
    "suite.ts":
      'import suite from "./strict.suite.yaml";\nexport const names: string[] = suite.tests.map(({ name }) => name);\n',
  });
  checkOutputs(await fiveMinutes(folder, "npm"), "npx");
  const { exitCode, stdout } = Bun.spawnSync([join(ROOT, "node_modules/.bin/tsc"), "-p", folder]);
  assertEquals([exitCode, stdout.toString()], [0, ""]);
});

packageTest("five minutes with Bun", async () => {
  const folder = project("bun-project", {
    "package.json": JSON.stringify({ name: "bun-project", type: "module" }),
    "sums.test.ts": FLAKY(BUN_TEST),
    "bunfig.toml": "",
  });
  checkOutputs(await fiveMinutes(folder, "bun"), "bunx");
});

packageTest("five minutes in plain JavaScript", async () => {
  const folder = project("plain", {
    "package.json": JSON.stringify({ name: "plain", scripts: { test: "node --test" } }),
    "sums.test.mjs": FLAKY(NODE_TEST),
  });
  checkOutputs(await fiveMinutes(folder, "npm"), "npx");
});

/** Runs a shell's line in a folder, with the registry alone. @returns What it printed on both streams. */
async function typed(line: string, folder: string, expected = 0): Promise<string> {
  const env = {
    ...plainEnvironment(),
    HOME: join(scratch, "home"),
    PATH: plainPath().join(":"),
    NO_COLOR: "1",
    CI: "1",
  };
  const child = Bun.spawn(["sh", "-c", `exec 2>&1; ${line}`], {
    cwd: folder,
    env,
    stdin: "ignore",
    stdout: "pipe",
  });
  const output = await child.stdout.text();
  assertEquals(await child.exited, expected, `${line}\n${output}`);
  return output;
}

/** A test that needs a further program. */
const testWith = (program: string, name: string, fn: () => Promise<void>) =>
  Bun.which(program) === null
    ? test.skip(`${name} (skipped: no ${program} here)`, fn)
    : packageTest(name, fn);

testWith("git", "from a git repository: what is not compiled there runs from its sources", async () => {
  const repository = project("repository", {});
  // The sources of the checkout as they are, also those that are not committed yet, without what is packed for nobody.
  const sources = [
    "bin",
    "engine",
    "ffi",
    "manifests",
    "runner",
    "types",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
  ];
  const list = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...sources];
  const listed = Bun.spawnSync(list, { cwd: ROOT });
  assertEquals(listed.exitCode, 0, listed.stderr.toString());
  const names = listed.stdout.toString().split("\0");
  const files = names.filter((file) => file !== "" && existsSync(join(ROOT, file)));
  for (const file of files) {
    mkdirSync(dirname(join(repository, file)), { recursive: true });
    cpSync(join(ROOT, file), join(repository, file), { verbatimSymlinks: true });
  }
  // npm would install what the project's own work needs, for some minutes, to run 'prepare'; nothing depends on that.
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const { prepare: _, ...scripts } = manifest.scripts;
  writeFileSync(
    join(repository, "package.json"),
    JSON.stringify({ ...manifest, scripts, devDependencies: undefined, overrides: undefined }),
  );
  const commit = "git -c user.name=a -c user.email=a@example.org commit -qm all";
  await typed(`git init -q && git add -A && ${commit}`, repository);
  const folder = project("from-git", { "package.json": JSON.stringify({ name: "from-git" }) });
  await typed(`npm i -D 'git+file://${repository}'`, folder);
  assert(!existsSync(join(folder, "node_modules/tickproof/compiled/entry.js")));
  const told = await typed("npx tickproof run -- sh -c 'exit 3'", folder, 3);
  assertMatch(told, /^ {2}replay +npx tickproof replay sh-\d+$/m);
});

testWith("pnpm", "with pnpm: its own way to start is the one that is told", async () => {
  const folder = project("with-pnpm", { "package.json": JSON.stringify({ name: "with-pnpm" }) });
  await typed("pnpm add -D tickproof", folder);
  const told = await typed("pnpm exec tickproof run -- sh -c 'exit 3'", folder, 3);
  assertMatch(told, /^ {2}replay +pnpm exec tickproof replay sh-\d+$/m);
  await typed("pnpm exec tickproof replay", folder, 3);
});

packageTest(
  "the other ways to install it: for all projects, by npx alone, from an archive, by a link",
  async () => {
    // What is told must lead there from a folder with spaces, too.
    const folder = project("ways to it", { "package.json": JSON.stringify({ name: "ways", private: true }) });
    const archive = join(scratch, "tickproof.tgz");
    writeFileSync(archive, registry?.archive ?? "");
    mkdirSync(join(folder, "links"));
    symlinkSync(join(ROOT, "bin/tickproof"), join(folder, "links/tickproof"));
    mkdirSync(join(folder, "archive"));
    writeFileSync(join(folder, "archive/package.json"), JSON.stringify({ name: "archive" }));
    const version = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")).version;
    const ways = [
      "npx --yes tickproof --version",
      "npm i --silent -g --prefix ./global tickproof && global/bin/tickproof --version",
      `cd archive && npm i --silent -D '${archive}' && npx tickproof --version`,
      "links/tickproof --version",
    ];
    for (const way of ways) assertStringIncludes(await typed(way, folder), `tickproof ${version} (`);
    // It records from there, too: the engine and its tables are in the package.
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    const told = await typed("../global/bin/tickproof run -- sh -c 'exit 3'", elsewhere, 3);
    const [, replay = ""] = /^ {2}replay +(.*)$/m.exec(told) ?? [];
    await typed(replay, elsewhere, 3);
  },
);
