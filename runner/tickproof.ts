/** How tickproof starts itself, for recordings and replays in processes of their own. */
import { resolve } from "node:path";

/** Starts the command line as this process was started: `[...TICKPROOF, "record", …]`. */
export const TICKPROOF: readonly string[] = [process.execPath, resolve(import.meta.dir, "cli.ts")];
