/** What `npm pack` puts into the package: all that runs, nothing else, and how much that is. */
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { assert, assertEquals } from "@std/assert";
import { compile } from "./build.ts";
import { MANIFEST } from "./current.ts";

const ROOT = resolve(import.meta.dir, "../..");
/** What others start: the command, scripts and their processes, threads, and the pages, which are bundled. */
const ENTRIES = [
  "runner/cli.ts",
  "runner/script/mod.ts",
  "runner/script/bun.ts",
  "runner/processes/crash-watcher.ts",
  "runner/script/worker.ts",
  "runner/fleet/worker.ts",
  "runner/script/assert.js",
  "runner/script/elsewhere.js",
  "engine/trace/chunk-worker.ts",
  "runner/report-page/app/main.ts",
  "runner/serve/app/main.ts",
  "runner/serve/timeline-worker.ts",
];
/** Bounds of the archive, some way above what it takes: they are raised knowingly, or something is packed by accident. */
const MOST_BYTES = 2_700_000;
const MOST_UNPACKED_BYTES = 7_700_000;
const MOST_FILES = 1100;

interface Packed {
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

/** What `npm pack` would pack, as it says itself. */
async function pack(): Promise<Packed> {
  if (!existsSync(MANIFEST)) await compile();
  const { stdout, stderr, exitCode } = Bun.spawnSync(
    ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"],
    {
      cwd: ROOT,
    },
  );
  assertEquals(exitCode, 0, stderr.toString());
  // npm 11 gives a list, later ones an object by name.
  const [packed] = Object.values(JSON.parse(stdout.toString()) as Record<string, Packed>);
  assert(packed !== undefined, stdout.toString());
  return packed;
}

const packed = await pack();
const paths = new Set(packed.files.map(({ path }) => path));

/** Modules that run from the given ones, and packages that they import. */
function reach(entries: readonly string[]): { files: Set<string>; packages: Set<string> } {
  const transpiler = new Bun.Transpiler({ loader: "ts" });
  const files = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    if (!/\.[jt]s$/.test(file)) return;
    for (const { path } of transpiler.scanImports(readFileSync(join(ROOT, file), "utf8"))) {
      if (path.startsWith(".")) visit(relative(ROOT, resolve(ROOT, dirname(file), path)));
      else if (!/^(node:|bun$|bun:)/.test(path)) packages.add(/^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path);
    }
  };
  for (const entry of entries) visit(entry);
  return { files, packages };
}

test("the package has every module that runs, and every package that they import is a dependency", () => {
  const { files, packages } = reach(ENTRIES);
  assertEquals(
    [...files].filter((file) => !paths.has(file)),
    [],
  );
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assertEquals(
    [...packages].filter((name) => name !== "tickproof" && !(name in dependencies)),
    [],
  );
  for (const file of [
    "bin/tickproof",
    "runner/bun",
    "compiled/entry.js",
    "types/tickproof.d.ts",
    "CHANGELOG.md",
  ]) {
    assert(paths.has(file), file);
  }
});

test("the package has what package.json leads to", () => {
  const { bin, exports, types } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const targets = [
    types,
    ...Object.values(bin),
    ...JSON.stringify(exports).matchAll(/"(\.\/[^"]+\.\w+)"(?!:)/g),
  ]
    .map((found) => (typeof found === "string" ? found : found[1]))
    .map((target) => target.replace(/^\.\//, ""));
  assert(targets.length > 8, targets.join());
  assertEquals(
    targets.filter((target) => !paths.has(target)),
    [],
  );
});

test("the package has no tests, no fixtures and no pictures", () => {
  const { files } = reach(ENTRIES);
  const strange = [...paths].filter((path) =>
    /\.test\.|\/test\/|fixtures|_fake|\.(png|svg|jpe?g|gif)$/.test(path),
  );
  assertEquals(strange, []);
  // Types alone do not run; whatever else is packed does.
  const idle = [...paths].filter(
    (path) => path.endsWith(".ts") && !path.endsWith(".d.ts") && !files.has(path),
  );
  const unused = idle.filter((path) => !isTypesOnly(path));
  assertEquals(unused, [], "nothing imports these: leave them out by 'files' in package.json");
});

/** Whether nothing is left of a source once its types are taken away. */
function isTypesOnly(path: string): boolean {
  const code = new Bun.Transpiler({ loader: "ts" }).transformSync(readFileSync(join(ROOT, path), "utf8"));
  return code.replaceAll(/export\s*\{\s*\};?/g, "").trim() === "";
}

test("the package is small", () => {
  expect(packed.size).toBeLessThan(MOST_BYTES);
  expect(packed.unpackedSize).toBeLessThan(MOST_UNPACKED_BYTES);
  expect(packed.files.length).toBeLessThan(MOST_FILES);
});

test("the package can be published, with its provenance", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assertEquals(manifest.private, undefined);
  assertEquals(manifest.publishConfig, { access: "public", provenance: true });
  // npm refuses a provenance whose repository is another one.
  assertEquals(manifest.repository.type, "git");
  assert(/^git\+https:\/\/\S+\.git$/.test(manifest.repository.url), manifest.repository.url);
  const changelog = readFileSync(join(ROOT, "CHANGELOG.md"), "utf8");
  assert(changelog.includes(`\n## ${manifest.version}\n`), "CHANGELOG.md tells of this version");
});
