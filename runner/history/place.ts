/**
 * Where the history is: a file of SQLite, or a database of PostgreSQL. The environment weighs most (`$TICKPROOF_STORE`, then
 * `$TICKPROOF_HISTORY`), then what the settings say, then a file in the folder that tickproof is used in.
 */
import { resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";

/** A store of histories. */
export type StorePlace = { kind: "sqlite"; path: string } | { kind: "postgres"; url: string };

let configured: StorePlace | undefined;

/** Sets the history's file or its server, if the environment does not say. */
export function configureHistory(place: { file: string } | { store: string }): void {
  configured = "file" in place ? inFile(place.file) : { kind: "postgres", url: place.store };
}

const inFile = (path: string): StorePlace => ({ kind: "sqlite", path: resolve(path) });

/** Where the history is. @throws {UsageError} If the variable names no store. */
export function historyPlace(): StorePlace {
  const { TICKPROOF_STORE, TICKPROOF_HISTORY } = process.env;
  if (TICKPROOF_STORE) {
    const problem = storeProblem(TICKPROOF_STORE);
    if (problem !== undefined) throw new UsageError(`TICKPROOF_STORE ${problem}`);
    return { kind: "postgres", url: TICKPROOF_STORE };
  }
  if (TICKPROOF_HISTORY) return inFile(TICKPROOF_HISTORY);
  return configured ?? inFile(".tickproof/history.sqlite");
}

/** Where a file that goes with the history lies: beside its file, else where that would be. */
export function besideHistory(place: StorePlace, name: string): string {
  return resolve(place.kind === "sqlite" ? resolve(place.path, "..") : ".tickproof", name);
}

/** What is wrong with the address of a store, as the end of a sentence that names it; undefined if nothing is. */
export function storeProblem(url: string): string | undefined {
  const form = "must be postgres://USER@HOST:PORT/DATABASE";
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // What can't be taken apart may have a password anywhere.
  if (parsed === undefined) return `${form}: it is no URL`;
  if (!/^postgres(ql)?:$/.test(parsed.protocol)) {
    return `${form}: its scheme is '${parsed.protocol.slice(0, -1)}' (for a file of SQLite there is 'history')`;
  }
  if (parsed.pathname.length < 2) return `${form}: it names no database`;
  const mode = parsed.searchParams.get("sslmode");
  if (mode !== null && !SSL_MODES.includes(mode))
    return `has sslmode '${mode}': it is ${SSL_MODES.join(", ")}`;
  return undefined;
}

/** What `sslmode` may be (libpq's own words). */
const SSL_MODES: readonly string[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** A store as people are told of it: a password is never shown. */
export function placeName(place: StorePlace): string {
  if (place.kind === "sqlite") return place.path;
  const { protocol, username, host, pathname } = new URL(place.url);
  return `${protocol}//${username}${username ? "@" : ""}${host}${pathname}`;
}
