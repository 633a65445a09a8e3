/**
 * Compiles recording and replaying to bytecode, in one file. `npm ci` and `bun install` do this (script "prepare");
 * without it, or when a source has changed since, the sources are run as they are.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { BunPlugin } from "bun";
import { say } from "../output/mod.ts";
import { COMPILED, type CompiledSources, MANIFEST, ROOT } from "./current.ts";

/** The only module of those that are loaded on demand which is compiled too. */
const ENGINE = resolve(import.meta.dir, "../../engine/mod.ts");

/** The compiled file's own folder at run time. The bundler writes the source's in place of `__dirname`. */
const HERE = "compiledFolder";
const BANNER = `var ${HERE} = __dirname;`;

/** Text of a source in which its own place follows from that of the compiled code, also once the package was moved. */
function placed(path: string): string {
  const here = (target: string) =>
    `require("node:path").resolve(${HERE}, ${JSON.stringify(relative(COMPILED, target))})`;
  return readFileSync(path, "utf8")
    .replaceAll("import.meta.dir", here(dirname(path)))
    .replaceAll("import.meta.url", `require("node:url").pathToFileURL(${here(path)}).href`);
}

/** Collects the sources, and leaves to themselves what is loaded on demand. */
function collector(sources: Set<string>): BunPlugin {
  return {
    name: "tickproof",
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path, importer, kind }) => {
        const target = resolve(dirname(importer), path);
        return kind === "dynamic-import" && target !== ENGINE
          ? { path: `./${relative(COMPILED, target)}`, external: true }
          : { path: target };
      });
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        sources.add(path);
        return { contents: placed(path), loader: "ts" };
      });
    },
  };
}

/**
 * Compiles.
 *
 * @returns What it was made of.
 * @throws {AggregateError} If a source can't be compiled.
 */
export async function compile(): Promise<CompiledSources> {
  const found = new Set<string>();
  rmSync(MANIFEST, { force: true });
  const temporary = `${COMPILED}.${process.pid}.new`;
  try {
    await Bun.build({
      entrypoints: [resolve(import.meta.dir, "entry.ts")],
      outdir: temporary,
      target: "bun",
      format: "cjs",
      bytecode: true,
      banner: BANNER,
      packages: "external",
      plugins: [collector(found)],
    });
    const files = [...found].sort().map((path) => {
      const { size, mtimeMs } = statSync(path);
      return [relative(ROOT, path), size, mtimeMs] as const;
    });
    const sources: CompiledSources = { bun: Bun.version, files };
    writeFileSync(join(temporary, "sources.json"), JSON.stringify(sources));
    rmSync(COMPILED, { recursive: true, force: true });
    renameSync(temporary, COMPILED);
    return sources;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    const { files } = await compile();
    say(`tickproof: compiled recording and replaying, ${files.length} sources\n`);
  } catch (error) {
    // Not worth a failed installation: the sources do the same.
    say(
      `tickproof: recording and replaying are not compiled, and start a little slower: ${Bun.inspect(error)}\n`,
    );
  }
}
