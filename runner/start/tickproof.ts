/** How tickproof starts itself, for recordings and replays in processes of their own; and how its user starts it. */
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { quote } from "../text/mod.ts";

/** Starts the command line as this process was started: `[...TICKPROOF, "record", …]`. */
export const TICKPROOF: readonly string[] = [process.execPath, resolve(import.meta.dir, "../cli.ts")];

/** The package managers that start a program of a project, by what they call themselves in the environment. */
const STARTERS: readonly (readonly [agent: string, start: string])[] = [
  ["bun/", "bunx tickproof"],
  ["pnpm/", "pnpm exec tickproof"],
  ["yarn/", "yarn tickproof"],
];

/**
 * The words that start tickproof, such that they can be pasted into a shell here: a package manager puts programs of
 * a project into PATH only while it runs.
 */
export function typedCommand(): string {
  const found = Bun.which("tickproof");
  const inProject = found?.includes("/node_modules/") || existsSync("node_modules/.bin/tickproof");
  if (inProject) {
    const agent = process.env.npm_config_user_agent ?? "";
    return STARTERS.find(([name]) => agent.startsWith(name))?.[1] ?? "npx tickproof";
  }
  if (found !== null) return "tickproof";
  const near = (file: string) => {
    const path = resolve(import.meta.dir, file);
    const way = relative(process.cwd(), path);
    return quote(way.startsWith("..") ? path : way);
  };
  return `${near("../bun")} ${near("../cli.ts")}`;
}
