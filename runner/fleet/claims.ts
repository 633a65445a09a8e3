/**
 * Taking a job, keeping it, ending it. An attempt has a token, and a job ends only by the token of its newest attempt: in one
 * transaction its result is written, the attempt ends, and pg-boss is told. Whoever comes late finds another token there, and
 * what it brings is dropped. All times are the server's: clocks of hosts may be hours apart.
 */
import type { z } from "zod";
import { UsageError } from "../errors/mod.ts";
import type { Tx } from "./connection.ts";
import {
  encodeResult,
  type JobResult,
  type JobSpec,
  jobSpec,
  type Needs,
  needs,
  parsed,
} from "./protocol.ts";
import { LEASE_SECONDS } from "./registration.ts";
import { type FleetStore, tell } from "./store.ts";
import { addTraces, type SentTrace } from "./traces.ts";

/** A job that was lost or given back so often is not tried again: it may be what ends its agents. */
export const MOST_LOSSES = 5;

/** A job that an agent has. */
export interface Claim {
  token: string;
  job: string;
  run: string;
  queue: string;
  bundle: string;
  /** How it is run, or what is wrong with that. */
  spec: JobSpec | { fault: string };
  needs: Needs;
  /** Who had it before, and what became of that: "alpha was lost". */
  before: readonly string[];
}

/** Queues with jobs that wait, the one whose turn it is first. */
export async function openQueues(store: FleetStore): Promise<{ name: string; needs: Needs }[]> {
  const rows = await store.rows<{ name: string; needs: string }>(
    `SELECT name, needs FROM (
       SELECT name, needs, (SELECT min(seq) FROM job WHERE queue = queue.name AND state = 'waiting') AS first FROM queue
     ) AS open WHERE first IS NOT NULL ORDER BY first`,
  );
  return rows.flatMap(({ name, needs: text }) => {
    const found = checked(needs, text, `the queue ${name}`);
    // Nobody can tell who may do what is in it.
    return "fault" in found ? [] : [{ name, needs: found }];
  });
}

/** What somebody has written, or what is wrong with it. */
function checked<T extends object>(schema: z.ZodType<T>, text: string, what: string): T | { fault: string } {
  try {
    return parsed(schema, text, what);
  } catch (error) {
    if (error instanceof UsageError) return { fault: error.message };
    throw error;
  }
}

interface JobRow {
  id: string;
  run: string;
  bundle: string;
  spec: string;
  state: string;
}

/** Takes the next job of a queue. @returns Undefined if there is none; "none" stands for one that needs nobody any more. */
export async function claim(
  store: FleetStore,
  { name: queue, needs: need }: { name: string; needs: Needs },
  agent: string,
): Promise<Claim | "none" | undefined> {
  return await store.transaction(async (tx) => {
    const [taken] = await store.boss.fetch(queue, { batchSize: 1, db: tx.db });
    if (taken === undefined) return undefined;
    const [job] = await tx.rows<JobRow>(
      `SELECT job.id, job.run, job.spec, job.state, run.bundle FROM job JOIN run ON run.id = job.run
       WHERE job.id = $1 FOR UPDATE OF job`,
      [taken.id],
    );
    if (job === undefined || job.state === "done" || job.state === "cancelled") {
      await store.boss.complete(queue, taken.id, null, { db: tx.db });
      return "none";
    }
    // One that is taken here twice was lost: pg-boss has given it away before its lease was over.
    await tx.rows(
      "UPDATE attempt SET outcome = 'lost', ended_at = now() WHERE job = $1 AND outcome = 'running'",
      [job.id],
    );
    const before = await tx.rows<{ agent: string; outcome: string; reason: string }>(
      "SELECT agent, outcome, reason FROM attempt WHERE job = $1 ORDER BY started_at",
      [job.id],
    );
    const words = before.map(({ agent: by, outcome, reason }) =>
      outcome === "lost" ? `${by} was lost with it` : `${by} gave it back${reason && `: ${reason}`}`,
    );
    const token = crypto.randomUUID();
    await tx.rows(
      "INSERT INTO attempt (token, job, agent, lease_until) VALUES ($1, $2, $3, now() + $4 * interval '1 second')",
      [token, job.id, agent, LEASE_SECONDS],
    );
    await tx.rows("UPDATE job SET state = 'running', attempt = $2, agent = $3 WHERE id = $1", [
      job.id,
      token,
      agent,
    ]);
    await tell(tx, `run ${job.run}`);
    const spec = checked(jobSpec, job.spec, `the job ${job.id}`);
    return { token, job: job.id, run: job.run, queue, bundle: job.bundle, spec, needs: need, before: words };
  });
}

/** Renews leases. @returns The tokens of those that are still this agent's. */
export async function renew(tx: Pick<Tx, "rows">, tokens: readonly string[]): Promise<Set<string>> {
  if (tokens.length === 0) return new Set();
  const rows = await tx.rows<{ token: string }>(
    `UPDATE attempt SET lease_until = now() + $2 * interval '1 second' FROM job
     WHERE token = ANY($1::uuid[]) AND outcome = 'running' AND job.id = attempt.job AND job.attempt = token AND job.state = 'running'
     RETURNING token`,
    [tokens, LEASE_SECONDS],
  );
  return new Set(rows.map(({ token }) => token));
}

/** Locks a job for the one that may end it. @returns Whether that is this attempt. */
async function holds(tx: Tx, { job, token }: Pick<Claim, "job" | "token">): Promise<boolean> {
  const [row] = await tx.rows<{ state: string; attempt: string | null }>(
    "SELECT state, attempt FROM job WHERE id = $1 FOR UPDATE",
    [job],
  );
  return row?.state === "running" && row.attempt === token;
}

/**
 * Ends a job with its result. May be said again where nobody knows whether it was heard.
 *
 * @returns Whether the result counts: false for that of a lost lease, or of a job that was cancelled.
 */
export async function finish(
  store: FleetStore,
  claimed: Claim,
  result: JobResult,
  traces: readonly SentTrace[] = [],
): Promise<boolean> {
  return await store.transaction(async (tx) => {
    const { job, token, run, queue } = claimed;
    if (!(await holds(tx, claimed))) {
      const [attempt] = await tx.rows<{ outcome: string }>("SELECT outcome FROM attempt WHERE token = $1", [
        token,
      ]);
      return attempt?.outcome === "done";
    }
    await tx.rows("UPDATE job SET state = 'done', result = $2, ended_at = now() WHERE id = $1", [
      job,
      encodeResult(result),
    ]);
    await tx.rows("UPDATE attempt SET outcome = 'done', ended_at = now() WHERE token = $1", [token]);
    await addTraces(tx, job, traces);
    await store.boss.complete(queue, job, null, { db: tx.db });
    await tell(tx, `run ${run}`);
    return true;
  });
}

/** Gives a job back, to be done elsewhere. */
export async function giveBack(store: FleetStore, claimed: Claim, reason: string): Promise<void> {
  await store.transaction(async (tx) => {
    if (await holds(tx, claimed)) await release(store, tx, claimed, "returned", reason);
  });
}

async function release(
  store: FleetStore,
  tx: Tx,
  { job, token, queue, run }: Pick<Claim, "job" | "token" | "queue" | "run">,
  outcome: "lost" | "returned",
  reason: string,
): Promise<void> {
  await tx.rows("UPDATE attempt SET outcome = $2, reason = $3, ended_at = now() WHERE token = $1", [
    token,
    outcome,
    reason,
  ]);
  await tx.rows("UPDATE job SET state = 'waiting', attempt = NULL WHERE id = $1", [job]);
  await store.boss.fail(queue, job, { reason: reason || outcome }, { db: tx.db });
  await tell(tx, "work");
  await tell(tx, `run ${run}`);
}

/**
 * Takes jobs from agents whose lease is over.
 *
 * @param patience So many seconds a server that has just started gives all of them to come back.
 * @returns How many there were.
 */
export async function takeLost(store: FleetStore, patience: number = LEASE_SECONDS): Promise<number> {
  const over = await store.rows<{ token: string; job: string }>(
    `SELECT token, job FROM attempt WHERE outcome = 'running' AND lease_until < now()
       AND pg_postmaster_start_time() < now() - $1 * interval '1 second' LIMIT 100`,
    [patience],
  );
  let lost = 0;
  for (const { token, job } of over) {
    lost += await store.transaction(async (tx) => {
      if (!(await holds(tx, { job, token }))) {
        await tx.rows(
          "UPDATE attempt SET outcome = 'cancelled', ended_at = now() WHERE token = $1 AND outcome = 'running'",
          [token],
        );
        return 0;
      }
      const [still] = await tx.rows<{ queue: string; run: string }>(
        `SELECT job.queue, job.run FROM attempt JOIN job ON job.id = attempt.job
         WHERE token = $1 AND outcome = 'running' AND lease_until < now()`,
        [token],
      );
      if (still === undefined) return 0;
      await release(store, tx, { job, token, ...still }, "lost", "");
      return 1;
    });
  }
  return lost;
}
