/** The tables of the history, and how a database of an older version is brought up to date. */
import type { Database } from "bun:sqlite";
import { UsageError } from "../errors/mod.ts";

/** Statements that lead from version i to version i + 1. Never change one that was released: append. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE run (
     id INTEGER PRIMARY KEY,
     started_at TEXT NOT NULL,        -- ISO 8601, UTC
     host TEXT NOT NULL,              -- name of the machine
     cpu TEXT NOT NULL,
     kernel TEXT NOT NULL,            -- release, as uname -r
     version TEXT NOT NULL,           -- of tickproof
     bun TEXT NOT NULL,
     finished INTEGER NOT NULL DEFAULT 0  -- 1: to its end; 0: it runs, was interrupted or killed
   ) STRICT;
   CREATE TABLE attempt (
     run INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
     test TEXT NOT NULL,              -- "suite/name"
     number INTEGER NOT NULL,         -- of the attempt, from 1
     engine TEXT NOT NULL,
     described_host TEXT NOT NULL,    -- profile that it ran on; "" for the live host
     verdict TEXT NOT NULL,
     reason TEXT NOT NULL,            -- "" if there is nothing to say
     ticks INTEGER, events INTEGER, signals INTEGER, switches INTEGER,
     native_ms REAL, record_ms REAL, replay_ms REAL
   ) STRICT;
   CREATE INDEX attempt_by_test ON attempt (test, run);
   CREATE INDEX attempt_by_run ON attempt (run);`,
  // What a reader of one attempt asks for, as JSON (AttemptDetail); NULL if there is nothing more to say.
  "ALTER TABLE attempt ADD COLUMN detail TEXT",
  // What runs are compared with: set on demand only, each from one run.
  `CREATE TABLE baseline (
     host TEXT NOT NULL,
     test TEXT NOT NULL,
     engine TEXT NOT NULL,
     described_host TEXT NOT NULL,
     run INTEGER NOT NULL,            -- that it was set by; it may be gone
     set_at TEXT NOT NULL,            -- ISO 8601, UTC
     ticks REAL, overhead REAL,       -- medians; NULL where there was nothing to take
     PRIMARY KEY (host, test, engine, described_host)
   ) STRICT;`,
];

/** Version of the tables that this tickproof writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.length;

/**
 * Makes the tables, or brings older ones up to date; other processes may do the same at the same time.
 *
 * @param path Of the file, for the error.
 * @throws {UsageError} If a newer tickproof has written it.
 */
export function migrate(database: Database, path: string): void {
  const version = () =>
    database.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
  if (version() > SCHEMA_VERSION) {
    throw new UsageError(
      `the history ${path} has version ${version()}, this tickproof knows up to ${SCHEMA_VERSION}: ` +
        "use a newer tickproof, or another file (TICKPROOF_HISTORY)",
    );
  }
  if (version() === SCHEMA_VERSION) return;
  database
    .transaction(() => {
      // Asked again: another process may have been here since.
      for (const statements of MIGRATIONS.slice(version())) database.run(statements);
      database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    })
    .immediate();
}
