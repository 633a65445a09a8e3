/**
 * The stores that a history can be in, for tests that hold for all of them: files of SQLite, and databases of a PostgreSQL
 * that is started for the tests of a file, on a socket in a folder of its own, and ended with them.
 */
import { afterAll, afterEach, test } from "bun:test";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StorePlace } from "./place.ts";

/** Debian keeps the programs of each version below it, and out of PATH. */
const VERSIONS = "/usr/lib/postgresql";
/** The user and group "nobody": PostgreSQL refuses to run as root. */
const NOBODY = 65534;

/** The folder of PostgreSQL's programs; undefined where there is none. */
function programs(): string | undefined {
  const versions = existsSync(VERSIONS)
    ? readdirSync(VERSIONS).toSorted((a, b) => Number(b) - Number(a))
    : [];
  const onPath = Bun.which("postgres");
  return [
    ...versions.map((version) => join(VERSIONS, version, "bin")),
    ...(onPath ? [join(onPath, "..")] : []),
  ].find((folder) => ["initdb", "postgres"].every((name) => existsSync(join(folder, name))));
}

/** Why there can be no server here; undefined if there can. */
export const NO_POSTGRES: string | undefined =
  programs() === undefined
    ? `no PostgreSQL is installed: there is no initdb below ${VERSIONS}`
    : process.getuid?.() === 0 && Bun.which("setpriv") === null
      ? "root can't start PostgreSQL without setpriv"
      : undefined;

/** A running server. */
export interface Server {
  /** The address of one of its databases. */
  url(database: string): string;
  /** Ends it at once, as a crash does; `start` brings it back. */
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server of its own. */
export async function startServer(): Promise<Server> {
  const bin = programs();
  if (bin === undefined) throw new Error(NO_POSTGRES);
  // The path of a socket has 107 letters at most (unix(7)), so it is not below a long TMPDIR.
  const folder = mkdtempSync("/tmp/tickproof-postgres-");
  const isRoot = process.getuid?.() === 0;
  const asNobody = isRoot ? ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"] : [];
  if (isRoot) chownSync(folder, NOBODY, NOBODY);
  const data = join(folder, "data");
  const made = Bun.spawnSync(
    [
      ...asNobody,
      join(bin, "initdb"),
      "-D",
      data,
      "-U",
      "me",
      "-A",
      "trust",
      "-E",
      "UTF8",
      "--locale=C",
      "-N",
    ],
    { cwd: folder, stdin: "ignore" },
  );
  if (made.exitCode !== 0) {
    rmSync(folder, { recursive: true });
    throw new Error(`initdb failed: ${made.stderr}`);
  }
  let server: Bun.Subprocess<"ignore", "ignore", "pipe"> | undefined;
  const kill = async () => {
    // Ends its children too, without waiting for clients or for the disk ("Immediate Shutdown").
    server?.kill("SIGQUIT");
    await server?.exited;
    server = undefined;
  };
  const start = async () => {
    const settings = ["listen_addresses=", "fsync=off", "full_page_writes=off", "max_connections=40"];
    server = Bun.spawn(
      [
        ...asNobody,
        join(bin, "postgres"),
        "-D",
        data,
        "-k",
        folder,
        ...settings.flatMap((one) => ["-c", one]),
      ],
      { cwd: folder, stdin: "ignore", stdout: "ignore", stderr: "pipe" },
    );
    await readUntil(server.stderr, "ready to accept connections");
  };
  const stop = async () => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: (database) => `postgres://me@localhost/${database}?host=${folder}`, kill, start, stop };
}

/** Reads a log until it says something, and goes on reading: a full pipe would stop the server. */
function readUntil(log: ReadableStream<Uint8Array>, words: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const read = async () => {
    let text = "";
    for await (const part of log) {
      text = (text + Buffer.from(part).toString()).slice(-10_000);
      if (text.includes(words)) resolve();
    }
    reject(new Error(`the server ended: ${text}`));
  };
  void read();
  return promise;
}

/** A kind of store, for one test after the other. */
export interface TestStore {
  name: string;
  /** An empty one; it is there until the test has ended. */
  place(): Promise<StorePlace>;
  /** Says what is not so where there is no such store. */
  test(name: string, body: () => Promise<void>): void;
}

/** All kinds of stores. To be called once in a file of tests. */
export function testStores(): TestStore[] {
  const folders: string[] = [];
  let server: Promise<Server> | undefined;
  let databases = 0;
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });
  afterAll(async () => {
    await (await server)?.stop();
  });
  return [
    {
      name: "SQLite",
      test,
      async place() {
        const folder = mkdtempSync(join(tmpdir(), "tickproof-history-"));
        folders.push(folder);
        return { kind: "sqlite", path: join(folder, "inner/history.sqlite") };
      },
    },
    {
      name: "PostgreSQL",
      test: (name, body) =>
        NO_POSTGRES === undefined ? test(name, body) : test.skip(`${name} (skipped: ${NO_POSTGRES})`, body),
      async place() {
        server ??= startServer();
        const { url } = await server;
        const database = `history_${++databases}`;
        await using root = new Bun.SQL(url("postgres"), { max: 1 });
        await root.unsafe(`CREATE DATABASE ${database}`);
        return { kind: "postgres", url: url(database) };
      },
    },
  ];
}
