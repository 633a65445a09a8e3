/**
 * Gives scripts the modules that are tickproof's, wherever a script lies: beside an installation for all users there is
 * no `node_modules` that has them, and a second copy of "tickproof" would gather tests that nobody runs.
 */
import { plugin } from "bun";

/** Our own modules, by the names that scripts import them by. */
const OWN: Readonly<Record<string, () => Promise<object>>> = {
  tickproof: () => import("./mod.ts"),
  "tickproof/assert": () => import("./assert.js"),
};
const STD_ASSERT = "@std/assert";

/** Whether a module can be found from a folder without our help. */
function isFound(name: string, folder: string): boolean {
  try {
    Bun.resolveSync(name, folder);
    return true;
  } catch {
    return false; // resolveSync has no other way to say so
  }
}

/**
 * Lets imports of scripts that are loaded from now on lead to this tickproof. `@std/assert` is the project's own where
 * it has one, else the same as `tickproof/assert`.
 *
 * @param folder Of the scripts.
 */
export function provideModules(folder: string): void {
  const modules = { ...OWN };
  if (!isFound(STD_ASSERT, folder)) modules[STD_ASSERT] = () => import("./assert.js");
  plugin({
    name: "tickproof modules",
    setup(build) {
      for (const [name, load] of Object.entries(modules)) {
        build.module(name, async () => ({ exports: { ...(await load()) }, loader: "object" }));
      }
    },
  });
}
