/**
 * Compiles recording and replaying to bytecode, in one file. `npm ci` and `bun install` do this (script "prepare");
 * without it, or when a source has changed since, the sources are run as they are.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { BunPlugin } from "bun";
import { say } from "../output.ts";
import { COMPILED, type CompiledSources, MANIFEST } from "./current.ts";

/** The only module of those that are loaded on demand which is compiled too. */
const ENGINE = resolve(import.meta.dir, "../../engine/mod.ts");

/** Text of a source in which its own place is written out: compiled, it lies elsewhere. */
function placed(path: string): string {
  return readFileSync(path, "utf8")
    .replaceAll("import.meta.dir", JSON.stringify(dirname(path)))
    .replaceAll("import.meta.url", JSON.stringify(pathToFileURL(path).href));
}

/** Collects the sources, and leaves to themselves what is loaded on demand. */
function collector(sources: Set<string>): BunPlugin {
  return {
    name: "tickproof",
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ path, importer, kind }) => {
        const target = resolve(dirname(importer), path);
        return kind === "dynamic-import" && target !== ENGINE
          ? { path: target, external: true }
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
      packages: "external",
      plugins: [collector(found)],
    });
    const files = [...found].sort().map((path) => {
      const { size, mtimeMs } = statSync(path);
      return [path, size, mtimeMs] as const;
    });
    const sources: CompiledSources = { bun: Bun.version, files };
    writeFileSync(join(temporary, "sources.json"), JSON.stringify(sources));
    mkdirSync(dirname(COMPILED), { recursive: true });
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
