/** Sets a project up: what `tickproof init` does in a folder. Nothing that is there already is changed. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { writeWhole } from "../files/mod.ts";
import {
  firstManifestFile,
  firstScriptFile,
  IGNORED,
  type NewFile,
  type Service,
  settingsFile,
  workflowFile,
} from "./files.ts";
import { findProject, type Project } from "./test-command.ts";

export type { Service } from "./files.ts";
export type { Project } from "./test-command.ts";

/** What is wanted besides settings and a first manifest. */
export interface SetupOptions {
  /** A script instead of a manifest. */
  script: boolean;
  services: readonly Service[];
}

/** What was done. */
export interface Setup {
  project: Project;
  /** Files that were written, and files that were there already, by their paths in the folder. */
  written: string[];
  kept: string[];
}

const SCHEMA = resolve(import.meta.dir, "../../manifests/schema.json");
const INSTALLED_SCHEMA = "node_modules/tickproof/manifests/schema.json";

/** Adds the lines to `.gitignore` that it does not have. @returns Whether there were any. */
function ignore(folder: string): boolean {
  const path = join(folder, ".gitignore");
  const text = existsSync(path) ? readFileSync(path, "utf8") : "";
  const has = new Set(text.split("\n").map((line) => line.trim().replace(/^\/|\/$/g, "")));
  const missing = IGNORED.filter((line) => !has.has(line.replace(/\/$/, "")));
  if (missing.length === 0) return false;
  const gap = text === "" || text.endsWith("\n") ? "" : "\n";
  appendFileSync(path, `${gap}${missing.join("\n")}\n`);
  return true;
}

/** Sets up the project of a folder. */
export function setUp(folder: string, { script, services }: SetupOptions): Setup {
  const project = findProject(folder);
  const schema = existsSync(join(folder, INSTALLED_SCHEMA)) ? `./${INSTALLED_SCHEMA}` : SCHEMA;
  const first = script ? firstScriptFile(project) : firstManifestFile(project, schema);
  const files: NewFile[] = [
    settingsFile(first.path),
    first,
    ...services.map((service) => workflowFile(service, project)),
  ];
  const setup: Setup = { project, written: [], kept: [] };
  for (const { path, text } of files) {
    const target = join(folder, path);
    if (existsSync(target)) {
      setup.kept.push(path);
      continue;
    }
    mkdirSync(dirname(target), { recursive: true });
    writeWhole(target, text);
    setup.written.push(path);
  }
  if (ignore(folder)) setup.written.push(".gitignore");
  return setup;
}
