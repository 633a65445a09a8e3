/** Where the engine keeps what one recording can use of another: the user's cache folder. */
import { homedir } from "node:os";
import { join } from "node:path";

/** The folder of all that is kept; a relative `XDG_CACHE_HOME` is ignored, as the XDG base directory rules say. */
export function cacheRoot(): string {
  const cache = process.env.XDG_CACHE_HOME;
  return join(cache?.startsWith("/") ? cache : join(homedir(), ".cache"), "tickproof");
}

/** The folder of one kind of things that are kept. */
export function cacheFolder(kind: "files" | "translations" | "unpacked"): string {
  return join(cacheRoot(), kind);
}
