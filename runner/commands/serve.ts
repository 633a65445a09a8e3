/** `tickproof serve`: the history as a live page, for a team. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { defineCommand } from "../args/mod.ts";
import { UsageError } from "../errors/mod.ts";
import type { StorePlace } from "../history/mod.ts";
import { say } from "../output/mod.ts";
import { Ending } from "./_ending.ts";

export const serve = defineCommand({
  name: "serve",
  summary: "Serve the history as a live page: runs in progress, failures, flake rates, tests by hosts",
  details: [
    "Only reads, and only answers this machine, unless --host names another address: then each request needs the token of",
    "--token-file, or the user that a proxy names (--user-header with --proxy). With --demo there is a made history to look at.",
    "See docs/serve.md.",
  ].join("\n"),
  options: {
    demo: { kind: "flag", help: "serve a made history that goes on by itself, and is removed at the end" },
    store: {
      kind: "text",
      value: "STORE",
      help: "the history: postgres://… or a file of SQLite (default: as for 'tickproof history')",
    },
    port: { kind: "text", value: "N", help: "the port to listen at (default 4280; 0 is any that is free)" },
    host: { kind: "text", value: "ADDRESS", help: "the address to listen at (default 127.0.0.1)" },
    "token-file": { kind: "text", value: "FILE", help: "a file with the token that each request must bring" },
    "user-header": {
      kind: "text",
      value: "NAME",
      help: "a header by which a reverse proxy names the user, such as X-Forwarded-User",
    },
    proxy: {
      kind: "text",
      value: "ADDRESSES",
      help: "addresses of the proxy (10.0.0.7,10.1.0.0/16), besides this machine",
    },
    name: {
      kind: "text",
      value: "NAMES",
      help: "names by which browsers call the server (tests.example.org)",
    },
  },
  positionals: { usage: "", min: 0, max: 0 },
  async run({ options }) {
    const ending = new Ending();
    const { bundleLivePage, makeDemo, placeOf, startServer } = await import("../serve/mod.ts");
    const { History, placeName } = await import("../history/mod.ts");
    if (options.demo && options.store !== undefined)
      throw new UsageError("--demo and --store exclude each other: the demo has a history of its own");
    const place = placeOf(options);
    await using demo = options.demo ? await makeDemo() : undefined;
    const store = demo?.place ?? (await storeOf(options.store));
    await using history = await History.open(store);
    await using serving = await startServer({
      history,
      store: demo === undefined ? placeName(store) : "a made history",
      place,
      app: await bundleLivePage(),
      warn: (words) => say(`tickproof: warning: ${words}\n`),
    });
    say(`tickproof: serving ${demo === undefined ? placeName(store) : "a made history"} at ${serving.url}\n`);
    await ended(ending.abort);
    return ending.code ?? 0;
  },
});

/** The store that is named, or that of all commands. @throws {UsageError} If it is none. */
async function storeOf(named: string | undefined): Promise<StorePlace> {
  const { historyPlace, storeProblem } = await import("../history/mod.ts");
  if (named === undefined) return historyPlace();
  if (/^[a-z]+:\/\//.test(named)) {
    const problem = storeProblem(named);
    if (problem !== undefined) throw new UsageError(`--store ${problem}`);
    return { kind: "postgres", url: named };
  }
  const path = resolve(named);
  if (!existsSync(path))
    throw new UsageError(
      `--store ${path}: there is no such file; a run of tests makes one (TICKPROOF_HISTORY)`,
    );
  return { kind: "sqlite", path };
}

async function ended(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await promise;
}
