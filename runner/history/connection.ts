/**
 * A history's database, open: SQLite or PostgreSQL, by the one client that Bun has for both. It costs no package and no
 * start-up, and takes the same statements for either.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { placeName, type StorePlace } from "./place.ts";

/** A client, or a transaction of it. */
export type Sql = Bun.SQL;

/** An open database. */
export interface Connection {
  readonly kind: StorePlace["kind"];
  readonly sql: Sql;
  /** What people are told of it. */
  readonly name: string;
}

/** How long a run waits for another one that writes, and for an answer of a server. */
export const BUSY_MS = 30_000;
/** How long a server may take until a connection stands. */
const CONNECT_SECONDS = 10;
/** Transactions that PostgreSQL breaks off, since two wait for each other, are tried so often. */
const MOST_TRIES = 10;
/** SQLSTATE of a deadlock (PostgreSQL's errcodes: class 40, transaction rollback). */
const DEADLOCK = "40P01";

/** Opens a database; makes a file if there is none. */
export async function connect(place: StorePlace): Promise<Connection> {
  const name = placeName(place);
  if (place.kind === "postgres") return { kind: "postgres", sql: postgres(place.url), name };
  mkdirSync(dirname(place.path), { recursive: true });
  // As a URL: in a plain text, what follows a question mark would be options.
  const filename = Bun.pathToFileURL(place.path);
  const sql = new Bun.SQL({
    adapter: "sqlite",
    filename,
    create: true,
    readwrite: true,
    safeIntegers: false,
  });
  await sql.unsafe(`PRAGMA busy_timeout = ${BUSY_MS}`);
  // Readers and one writer do not wait for each other.
  await sql`PRAGMA journal_mode = WAL`;
  await sql`PRAGMA foreign_keys = ON`;
  return { kind: "sqlite", sql, name };
}

function postgres(url: string): Sql {
  const { password, searchParams } = new URL(url);
  const fromEnvironment = password ? undefined : process.env.PGPASSWORD;
  const root = searchParams.get("sslrootcert");
  return new Bun.SQL(url, {
    adapter: "postgres",
    ...(fromEnvironment && { password: fromEnvironment }),
    ...(root && { tls: Bun.file(root) }),
    // A transaction has one to itself, what is asked meanwhile another.
    max: 2,
    connectionTimeout: CONNECT_SECONDS,
    connection: { application_name: "tickproof", search_path: "tickproof" },
  });
}

/** Does something whole or not at all. One that PostgreSQL gives up in favour of another is done again. */
export async function inTransaction<T>({ kind, sql }: Connection, work: (tx: Sql) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      // One that reads first and writes then could not wait for another writer.
      return (await (kind === "sqlite" ? sql.begin("IMMEDIATE", work) : sql.begin(work))) as T;
    } catch (error) {
      if (!(error instanceof Bun.SQL.PostgresError) || error.errno !== DEADLOCK || tries === MOST_TRIES)
        throw error;
    }
  }
}

/** A server that does not answer. */
class NoAnswer extends Error {}

/** Waits for a database, but not for ever: a network that is cut says nothing. */
export async function answerOf<T>({ kind }: Pick<Connection, "kind">, asked: Promise<T>): Promise<T> {
  if (kind === "sqlite") return await asked;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NoAnswer(`no answer within ${BUSY_MS / 1000} seconds`)), BUSY_MS);
  try {
    return await Promise.race([asked, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What went wrong with a database, for people; whatever else went wrong stays as it is. */
export function storeError(place: StorePlace, error: unknown): unknown {
  const known =
    error instanceof Bun.SQL.SQLError ||
    error instanceof NoAnswer ||
    (error instanceof Error && "code" in error && typeof error.code === "string");
  if (error instanceof UsageError || !known) return error;
  const remedy =
    place.kind === "sqlite"
      ? "mend or remove it, or name another file (TICKPROOF_HISTORY)"
      : "see that the server runs, and that user and password are right, or name another store (TICKPROOF_STORE)";
  return new UsageError(`the history ${placeName(place)} can't be used (${reasonOf(error)}): ${remedy}`);
}

function reasonOf(error: Error): string {
  const state = error instanceof Bun.SQL.PostgresError ? error.errno : undefined;
  return state === undefined ? error.message : `${error.message}, SQLSTATE ${state}`;
}
