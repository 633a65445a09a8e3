/**
 * `npm run types`: writes the declarations that the package ships, when the scripts' API has changed. One file without
 * a line of tickproof's own sources behind it: a project that has other settings than ours, or no types of Bun, would
 * be shown errors in those.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { rolldown } from "rolldown";
import { dts } from "rolldown-plugin-dts";
import { writeWhole } from "../files/mod.ts";
import { say } from "../output/mod.ts";

const ROOT = resolve(import.meta.dir, "../..");
/** The file that `exports` of package.json names as the types of "tickproof". */
export const TYPES = join(ROOT, "types/tickproof.d.ts");

/** What stands before the declarations. */
const HEAD = `/**
 * Types of scripts: \`import { test } from "tickproof"\`. Made from the sources by \`npm run types\`.
 */
/// <reference lib="es2022" />
/// <reference lib="esnext.disposable" />
/// <reference path="./modules.d.ts" />
`;

/** Lets the compiler write a declaration for each source that the API reaches, without what is marked internal. */
function emit(folder: string): void {
  const settings = {
    extends: join(ROOT, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      stripInternal: true,
      rootDir: ROOT,
      outDir: join(folder, "types"),
      typeRoots: [join(ROOT, "node_modules/@types")],
    },
    files: [join(ROOT, "runner/script/mod.ts")],
    include: [],
  };
  const file = join(folder, "tsconfig.json");
  writeFileSync(file, JSON.stringify(settings));
  const { exitCode, stdout } = Bun.spawnSync([join(ROOT, "node_modules/.bin/tsc"), "-p", file]);
  if (exitCode !== 0) throw new Error(`the declarations could not be made:\n${stdout}`);
}

/** The declarations of the scripts' API, in one text. */
export async function typesText(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-types-"));
  try {
    emit(folder);
    const bundle = await rolldown({
      input: join(folder, "types/runner/script/mod.d.ts"),
      external: (id) => !id.startsWith(".") && !id.startsWith("/"),
      plugins: [dts({ dtsInput: true })],
      checks: { pluginTimings: false },
    });
    const { output } = await bundle.generate();
    await bundle.close();
    const [{ code }] = output;
    // The bundler's own marks name files that are gone.
    const lines = code.split("\n").filter((line) => !/^\/\/(?! biome)/.test(line));
    return `${HEAD}${lines.join("\n").trim()}\n`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  writeWhole(TYPES, await typesText());
  say(`tickproof: wrote ${TYPES}: ${readFileSync(TYPES).length} bytes\n`);
}
