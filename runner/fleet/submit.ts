/** Sends the tests of a run to a fleet: chooses which hosts may do them, and adds a job for each attempt. */
import { hostname } from "node:os";
import { relative, resolve } from "node:path";
import { UsageError } from "../errors/mod.ts";
import type { EngineChoice, Verdict } from "../results/mod.ts";
import type { TestCase } from "../run/mod.ts";
import type { Keep } from "../run/workspace.ts";
import { counted, VERSION } from "../text/mod.ts";
import { type Bundle, bundleOf, projectRoot } from "./bundle.ts";
import type { Tx } from "./connection.ts";
import { needsOf, obstacle, queueOf } from "./needs.ts";
import { type JobSpec, type Needs, PROTOCOL } from "./protocol.ts";
import { type RegisteredAgent, registeredAgents } from "./registration.ts";
import { type FleetStore, tell } from "./store.ts";
import { addBundle, sendContents } from "./transfer.ts";

/** What a run of a fleet is asked for. */
export interface Asked {
  tests: readonly TestCase[];
  /** Attempts at each test that does not say. */
  repeat: number;
  /** Attempts after a failed one, where the test does not say. */
  retry: number;
  engine: EngineChoice | undefined;
  force: boolean;
  catchTries: number;
  keep: Keep;
  /** Only agents that have all of these; their own names are labels, too. */
  labels: readonly string[];
  /** Each agent gets each test. @default any one that can do it */
  eachHost: boolean;
}

/** A job of the run, as its sender keeps it. */
export interface SentJob {
  id: string;
  queue: string;
  needs: Needs;
  /** The test as it is shown: on each host it is one of its own. */
  shown: TestCase;
  test: TestCase;
  number: number;
}

/** A run that was sent. */
export interface SentRun {
  id: string;
  jobs: readonly SentJob[];
  /** Tests as they are shown, in their order. */
  shown: readonly TestCase[];
  /** Those that nobody can do, or that are not to be run. */
  skipped: readonly { shown: TestCase; test: TestCase; verdict: Verdict }[];
  agents: readonly RegisteredAgent[];
  /** What was sent of the bundle: the rest was there. */
  sentBytes: number;
}

/** So many jobs are added by one statement. */
const TOGETHER = 500;

/**
 * How pg-boss keeps the jobs of a queue. Leases are this project's own, so that a job that was lost is marked and goes back in
 * one transaction; pg-boss's own limits are longer than any test.
 */
const QUEUE = { retryLimit: 1000, retryDelay: 0, expireInSeconds: 86_399, deleteAfterSeconds: 3600 };

/**
 * Sends a run.
 *
 * @param cwd The folder that it is sent from.
 * @param say Takes a sentence for people.
 * @throws {UsageError} If there is nobody who could do it, or the project can't be sent.
 */
export async function submit(
  store: FleetStore,
  asked: Asked,
  cwd: string,
  say: (words: string) => void,
): Promise<SentRun> {
  const agents = usableAgents(await registeredAgents(store), asked, store.name, say);
  const root = projectRoot(cwd);
  const bundle = bundleOf(root);
  const { jobs, skipped, shown } = planned(asked, agents);
  const id = crypto.randomUUID();
  const fileOf = fileFinder(bundle, cwd);
  const rows = jobs.map((job) => ({
    id: job.id,
    queue: job.queue,
    test: job.test.id,
    number: job.number,
    spec: JSON.stringify(specOf(job, asked, relative(root, cwd), fileOf(job.test))),
  }));
  if (jobs.length === 0) return { id, jobs, skipped, shown, agents, sentBytes: 0 };
  const sentBytes = await sendContents(store, bundle);
  await addQueues(store, jobs);
  await store.transaction(async (tx) => {
    await addBundle(tx, bundle);
    await tx.rows(
      "INSERT INTO run (id, protocol, version, host, bundle, tests) VALUES ($1, $2, $3, $4, $5, $6)",
      [id, PROTOCOL, VERSION, hostname(), bundle.digest, jobs.length],
    );
    for (let at = 0; at < rows.length; at += TOGETHER)
      await addJobs(store, tx, id, rows.slice(at, at + TOGETHER));
    await tell(tx, "work");
  });
  return { id, jobs, skipped, shown, agents, sentBytes };
}

/** Agents that may get something. @throws {UsageError} If there are none. */
function usableAgents(
  all: readonly RegisteredAgent[],
  { labels }: Asked,
  name: string,
  say: (words: string) => void,
): RegisteredAgent[] {
  const live = all.filter((agent) => agent.live);
  const others = live.filter(({ protocol }) => protocol !== PROTOCOL);
  for (const { name: other, version, protocol } of others) {
    say(
      `agent '${other}' gets nothing: it is tickproof ${version} and speaks protocol ${protocol}, this one speaks ${PROTOCOL}`,
    );
  }
  const usable = live
    .filter(({ protocol }) => protocol === PROTOCOL)
    .filter((agent) => labels.every((label) => label === agent.name || agent.labels.includes(label)));
  if (usable.length > 0) return usable;
  const gone = all.length - live.length;
  const there =
    live.length === 0
      ? "no agent is there"
      : `none of the ${counted(live.length, "agent")} that are there may get it`;
  const wanted = labels.length > 0 ? ` with --on ${labels.join(",")}` : "";
  throw new UsageError(
    `${there} in ${name}${wanted}${gone > 0 ? ` (${gone} ${gone === 1 ? "is" : "are"} gone)` : ""}: start 'tickproof agent' on a host, and see 'tickproof fleet agents'`,
  );
}

/** The jobs of a run, round by round, and what is not sent. */
function planned(
  asked: Asked,
  agents: readonly RegisteredAgent[],
): Pick<SentRun, "jobs" | "skipped" | "shown"> {
  const targets = asked.eachHost ? agents.map(({ name }) => name) : [null];
  const skipped: SentRun["skipped"][number][] = [];
  const shown: TestCase[] = [];
  const planned: { job: Omit<SentJob, "id" | "number">; times: number }[] = [];
  for (const test of asked.tests) {
    for (const agent of targets) {
      const one =
        agent === null ? test : { ...test, id: `${test.id} on ${agent}`, name: `${test.name} on ${agent}` };
      shown.push(one);
      const needs = needsOf(test, { ...asked, agent });
      const verdict = verdictBefore(test, needs, agents);
      if (verdict !== undefined) skipped.push({ shown: one, test, verdict });
      else
        planned.push({
          job: { queue: queueOf(needs), needs, shown: one, test },
          times: test.repeat ?? asked.repeat,
        });
    }
  }
  const rounds = planned.reduce((most, { times }) => Math.max(most, times), 0);
  const jobs = Array.from({ length: rounds }, (_, index) => index + 1).flatMap((number) =>
    planned.flatMap(({ job, times }) =>
      number <= times ? [{ ...job, number, id: crypto.randomUUID() }] : [],
    ),
  );
  return { jobs, skipped, shown };
}

/** Why a test is not sent at all. */
function verdictBefore(
  test: TestCase,
  needs: Needs,
  agents: readonly RegisteredAgent[],
): Verdict | undefined {
  if (test.skip !== undefined) return { kind: "skip", reason: test.skip, missing: [] };
  const asked = agents.filter(({ name }) => needs.agent === null || needs.agent === name);
  const obstacles = asked.map((agent) => obstacle(needs, agent));
  if (obstacles.includes(undefined)) return undefined;
  const found = obstacles.filter((one) => one !== undefined);
  const why = found.map(({ text }) => text).join("; ");
  const missing = [...new Set(found.flatMap((one) => one.missing))];
  const reason = needs.agent === null ? `no host of the fleet can do it: ${why}` : why;
  return { kind: "skip", reason, missing };
}

/** Finds the manifest or script of a test in the bundle. */
function fileFinder({ root, entries }: Bundle, cwd: string): (test: TestCase) => string {
  const sent = new Set(entries.map(({ path }) => path));
  return ({ id, target, location }) => {
    const place = resolve(cwd, target.kind === "script" ? target.path : (location?.file ?? ""));
    const path = relative(root, place);
    if (sent.has(path)) return path;
    throw new UsageError(
      `the test '${id}' can't be sent: ${place} is not among the files of ${root} that are sent (those that git has, or does not ignore)`,
    );
  };
}

function specOf({ test, number }: SentJob, asked: Asked, folder: string, file: string): JobSpec {
  const { timeoutSeconds, slowSeconds, failsOnLeaks, skipExit, known } = test;
  return {
    folder,
    // The job is run in that folder.
    file: relative(resolve("/", folder), resolve("/", file)),
    test: test.id,
    number,
    retry: test.retry ?? asked.retry,
    timeoutSeconds,
    ...(slowSeconds !== undefined && { slowSeconds }),
    ...(failsOnLeaks !== undefined && { failsOnLeaks }),
    ...(skipExit !== undefined && { skipExit: [...skipExit] }),
    ...(known !== undefined && { known }),
    ...(asked.engine !== undefined && { engine: asked.engine }),
    force: asked.force,
    catchTries: asked.catchTries,
    keep: asked.keep,
  };
}

async function addQueues(store: FleetStore, jobs: readonly SentJob[]): Promise<void> {
  for (const [name, needs] of new Map(jobs.map((job) => [job.queue, job.needs]))) {
    await store.boss.createQueue(name, QUEUE);
    await store.rows("INSERT INTO queue (name, needs) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", [
      name,
      JSON.stringify(needs),
    ]);
  }
}

async function addJobs(
  store: FleetStore,
  tx: Tx,
  run: string,
  rows: readonly { id: string; queue: string }[],
): Promise<void> {
  await tx.rows(
    `INSERT INTO job (id, run, queue, test, number, spec)
     SELECT id, $1, queue, test, number, spec
     FROM json_to_recordset($2) AS sent (id uuid, queue text, test text, number int, spec text)`,
    [run, JSON.stringify(rows)],
  );
  for (const [queue, sent] of Map.groupBy(rows, (row) => row.queue)) {
    await store.boss.insert(
      queue,
      sent.map(({ id }) => ({ id })),
      { db: tx.db },
    );
  }
}
