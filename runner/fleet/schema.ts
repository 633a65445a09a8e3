/**
 * The tables of a fleet, beside those of pg-boss. pg-boss carries ids of jobs only: what a job runs, and who may add one, is
 * here, so that PostgreSQL's own rights say who may send, who may work, and who may look.
 */
import { UsageError } from "../errors/mod.ts";
import { QUEUE_SCHEMA, SCHEMA, type Tx } from "./connection.ts";
import { PROTOCOL } from "./protocol.ts";

/** Schema of the history's tables, which those who send write and those who read look at. */
const HISTORY_SCHEMA = "tickproof";

/** One number for all that set a database up at the same time: only one of them does. */
const SETUP_LOCK = 7_469_637;

/** Statements that lead from protocol i to i + 1. Never change one that was released: append, and raise PROTOCOL. */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE agent (
     name text PRIMARY KEY,
     instance uuid NOT NULL,              -- of the process: a newer one of the same name takes its place
     protocol int NOT NULL,
     version text NOT NULL,               -- of tickproof
     facts text NOT NULL,                 -- JSON (AgentFacts): what its doctor has found
     labels text[] NOT NULL,
     slots int NOT NULL,                  -- jobs that it runs at a time
     started_at timestamptz NOT NULL DEFAULT now(),
     seen_at timestamptz NOT NULL DEFAULT now(),
     ended_at timestamptz                 -- it has ended in an orderly way
   );
   CREATE TABLE blob (
     digest text PRIMARY KEY,             -- SHA-256 of the content
     bytes bigint NOT NULL,
     used_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE TABLE blob_part (
     digest text NOT NULL REFERENCES blob ON DELETE CASCADE,
     part int NOT NULL,
     data bytea NOT NULL,
     PRIMARY KEY (digest, part)
   );
   CREATE TABLE bundle (
     digest text PRIMARY KEY,             -- SHA-256 of the list
     list text NOT NULL,                  -- JSON (BundleEntry[]): path, mode and digest of each file
     bytes bigint NOT NULL,
     used_at timestamptz NOT NULL DEFAULT now()
   );
   CREATE TABLE bundle_blob (
     bundle text NOT NULL REFERENCES bundle ON DELETE CASCADE,
     blob text NOT NULL REFERENCES blob,
     PRIMARY KEY (bundle, blob)
   );
   CREATE INDEX bundle_blob_by_blob ON bundle_blob (blob);
   CREATE TABLE run (
     id uuid PRIMARY KEY,
     protocol int NOT NULL,
     version text NOT NULL,
     host text NOT NULL,                  -- that it was sent from
     sender text NOT NULL DEFAULT current_user,
     bundle text NOT NULL REFERENCES bundle,
     tests int NOT NULL,                  -- jobs
     started_at timestamptz NOT NULL DEFAULT now(),
     seen_at timestamptz NOT NULL DEFAULT now(), -- whoever follows it
     ended_at timestamptz
   );
   CREATE INDEX run_by_start ON run (started_at);
   CREATE INDEX run_by_bundle ON run (bundle);
   CREATE TABLE queue (
     name text PRIMARY KEY,               -- of pg-boss
     needs text NOT NULL                  -- JSON (Needs): what a host must have for the jobs in it
   );
   CREATE TABLE job (
     id uuid PRIMARY KEY,                 -- also of pg-boss's job
     seq bigint GENERATED ALWAYS AS IDENTITY,
     run uuid NOT NULL REFERENCES run ON DELETE CASCADE,
     queue text NOT NULL REFERENCES queue,
     test text NOT NULL,                  -- "suite/name"
     number int NOT NULL,                 -- of the attempt at it, from 1
     spec text NOT NULL,                  -- JSON (JobSpec): how it is run
     state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'running', 'done', 'cancelled')),
     attempt uuid,                        -- token of the one that may end it
     agent text,                          -- that had it last
     result bytea,                        -- JobResult: JSON, compressed (gzip)
     ended_at timestamptz,
     collected boolean NOT NULL DEFAULT false
   );
   CREATE INDEX job_by_run ON job (run, seq);
   CREATE INDEX job_waiting ON job (queue, seq) WHERE state = 'waiting';
   CREATE INDEX job_to_collect ON job (run, ended_at) WHERE state = 'done' AND NOT collected;
   CREATE TABLE attempt (
     token uuid PRIMARY KEY,
     job uuid NOT NULL REFERENCES job ON DELETE CASCADE,
     agent text NOT NULL,
     started_at timestamptz NOT NULL DEFAULT now(),
     lease_until timestamptz NOT NULL,
     ended_at timestamptz,
     outcome text NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'done', 'lost', 'returned', 'cancelled')),
     reason text NOT NULL DEFAULT ''      -- why it was given back
   );
   CREATE INDEX attempt_by_job ON attempt (job, started_at);
   CREATE INDEX attempt_running ON attempt (lease_until) WHERE outcome = 'running';
   CREATE TABLE trace (
     job uuid NOT NULL REFERENCES job ON DELETE CASCADE,
     retry int NOT NULL,                  -- which of the job's attempts, from 0
     blob text NOT NULL REFERENCES blob,  -- the packed trace
     PRIMARY KEY (job, retry)
   );
   CREATE INDEX trace_by_blob ON trace (blob);
   CREATE INDEX job_by_test ON job (test, ended_at);
   CREATE TABLE progress (
     id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     run uuid NOT NULL REFERENCES run ON DELETE CASCADE,
     job uuid NOT NULL,
     event text NOT NULL                  -- JSON (Progress); for those who watch, nothing is counted by it
   );
   CREATE INDEX progress_by_run ON progress (run, id);`,
];

/** The protocol that a database speaks; 0 if nothing is set up. */
export async function protocolOf(tx: Pick<Tx, "rows">): Promise<number> {
  const [there] = await tx.rows<{ there: boolean }>(
    `SELECT to_regclass('${SCHEMA}.protocol') IS NOT NULL AS there`,
  );
  if (!there?.there) return 0;
  const [row] = await tx.rows<{ protocol: number }>(`SELECT protocol FROM ${SCHEMA}.protocol`);
  return row?.protocol ?? 0;
}

/**
 * Makes the tables, or brings older ones up to date.
 *
 * @returns Whether there was something to do.
 * @throws {UsageError} If a newer tickproof has set them up.
 */
export async function setUp(tx: Tx, name: string): Promise<boolean> {
  await tx.rows("SELECT pg_advisory_xact_lock($1)", [SETUP_LOCK]);
  const found = await protocolOf(tx);
  checkProtocol(found, name);
  if (found === PROTOCOL) return false;
  if (found === 0) {
    await tx.rows(`CREATE SCHEMA IF NOT EXISTS ${SCHEMA}`);
    await tx.rows(`CREATE TABLE ${SCHEMA}.protocol (protocol int NOT NULL)`);
    await tx.rows(`INSERT INTO ${SCHEMA}.protocol VALUES (0)`);
  }
  await tx.rows(`SET LOCAL search_path TO ${SCHEMA}`);
  for (const statements of MIGRATIONS.slice(found)) await tx.rows(statements);
  await tx.rows("UPDATE protocol SET protocol = $1", [PROTOCOL]);
  return true;
}

/** @throws {UsageError} If a database speaks a newer protocol than this tickproof. */
export function checkProtocol(found: number, name: string): void {
  if (found <= PROTOCOL) return;
  throw new UsageError(
    `the fleet in ${name} speaks protocol ${found}, this tickproof speaks ${PROTOCOL}: use the newer tickproof that has set it up`,
  );
}

/** What a role of PostgreSQL may be given. */
export const RIGHTS = ["submit", "work", "read"] as const;
export type Right = (typeof RIGHTS)[number];

/** What each may do with tables, beside reading all of them. */
const GRANTS: Readonly<Record<Right, readonly string[]>> = {
  submit: [
    ...["blob", "blob_part", "bundle", "bundle_blob", "run", "queue", "job"].map(
      (table) => `INSERT ON ${SCHEMA}.${table}`,
    ),
    `UPDATE (used_at) ON ${SCHEMA}.blob`,
    `UPDATE (used_at) ON ${SCHEMA}.bundle`,
    `UPDATE (seen_at, ended_at) ON ${SCHEMA}.run`,
    `UPDATE (state, ended_at, collected, attempt) ON ${SCHEMA}.job`,
    `UPDATE (outcome, ended_at, reason) ON ${SCHEMA}.attempt`,
    ...["run", "bundle", "blob", "progress"].map((table) => `DELETE ON ${SCHEMA}.${table}`),
    ...changing(QUEUE_SCHEMA),
    ...changing(HISTORY_SCHEMA),
  ],
  // No INSERT on job: who works can't send.
  work: [
    `INSERT, UPDATE ON ${SCHEMA}.agent`,
    `INSERT, UPDATE ON ${SCHEMA}.attempt`,
    `UPDATE (state, attempt, agent, result, ended_at) ON ${SCHEMA}.job`,
    ...["progress", "trace", "blob", "blob_part"].map((table) => `INSERT ON ${SCHEMA}.${table}`),
    `UPDATE (used_at) ON ${SCHEMA}.blob`,
    ...changing(QUEUE_SCHEMA),
  ],
  read: [QUEUE_SCHEMA, HISTORY_SCHEMA].flatMap((schema) => [
    `USAGE ON SCHEMA ${schema}`,
    `SELECT ON ALL TABLES IN SCHEMA ${schema}`,
  ]),
};

function changing(schema: string): string[] {
  return [`USAGE ON SCHEMA ${schema}`, `SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema}`];
}

/** The statements that give a role a right. */
export function grantsOf(right: Right, role: string): string[] {
  const to = `TO "${role.replaceAll('"', '""')}"`;
  return [
    `GRANT USAGE ON SCHEMA ${SCHEMA} ${to}`,
    `GRANT SELECT ON ALL TABLES IN SCHEMA ${SCHEMA} ${to}`,
    ...GRANTS[right].map((grant) => `GRANT ${grant} ${to}`),
  ];
}
