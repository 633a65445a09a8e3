/**
 * Follows a run of a fleet to its end: what happens is told as if it happened here, each result once. A store that is away is
 * waited for: the jobs go on without.
 */
import { UsageError } from "../errors/mod.ts";
import type { Attempt, StepResult } from "../results/mod.ts";
import { isHarmless, type RunEvent, type TestCase } from "../run/mod.ts";
import { counted } from "../text/mod.ts";
import { takeLost } from "./claims.ts";
import { clearOld } from "./clear.ts";
import { isAway, reasonOf } from "./connection.ts";
import { obstacle } from "./needs.ts";
import { broken } from "./perform.ts";
import { decodeResult, type JobResult, PROTOCOL, parsed, progress } from "./protocol.ts";
import { LEASE_SECONDS, type RegisteredAgent, registeredAgents } from "./registration.ts";
import { type FleetStore, tell } from "./store.ts";
import type { SentJob, SentRun } from "./submit.ts";

/** Notices may be missed: the store is looked at so often in any case. */
const POLL_MS = 2000;
/** How often it is looked after whether somebody is there to do what waits. */
const CARE_MS = (LEASE_SECONDS * 1000) / 3;
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [500, 30_000];

/** What came of one job. */
export interface Ended {
  job: SentJob;
  result: JobResult;
  /** Who has done it; undefined where nobody has. */
  agent: RegisteredAgent | undefined;
}

/** How a run is followed. */
export interface FollowOptions {
  /** Ends the run: what waits is taken back, what runs is ended. */
  abort: AbortSignal;
  /** Nothing more is begun once so many tests have failed. */
  failFast: number | undefined;
  report: (event: RunEvent) => void;
  /** Takes each result, before it counts as collected. */
  keep: (ended: Ended) => void | Promise<void>;
  /** Takes a sentence for people. */
  say: (words: string) => void;
}

/** How a followed run ended. */
export interface Followed {
  ended: readonly Ended[];
  interrupted: boolean;
  stoppedByFailures: boolean;
}

/** Follows a run that was just sent. */
export async function follow(store: FleetStore, run: SentRun, options: FollowOptions): Promise<Followed> {
  return await new Follower(store, run, options).toItsEnd();
}

class Follower {
  readonly #store: FleetStore;
  readonly #run: SentRun;
  readonly #options: FollowOptions;
  readonly #open: Map<string, SentJob>;
  readonly #ended: Ended[] = [];
  readonly #failed = new Set<TestCase>();
  #agents: Map<string, RegisteredAgent>;
  /** When it was first seen that nobody is there for a queue. */
  readonly #deserted = new Map<string, number>();
  #seen = "0";
  #nextCare = 0;
  #wake = Promise.withResolvers<void>();
  #listening: AsyncDisposable | undefined;
  #isCancelled = false;
  #stoppedByFailures = false;

  constructor(store: FleetStore, run: SentRun, options: FollowOptions) {
    this.#store = store;
    this.#run = run;
    this.#options = options;
    this.#open = new Map(run.jobs.map((job) => [job.id, job]));
    this.#agents = new Map(run.agents.map((agent) => [agent.name, agent]));
    options.abort.addEventListener("abort", () => this.#wake.resolve());
  }

  async toItsEnd(): Promise<Followed> {
    let wait = FIRST_WAIT_MS;
    let isAwayNow = false;
    try {
      while (this.#open.size > 0) {
        this.#wake = Promise.withResolvers();
        try {
          this.#listening ??= await this.#listen();
          await this.#turn();
          if (isAwayNow) this.#options.say("the store is back");
          [isAwayNow, wait] = [false, FIRST_WAIT_MS];
          if (this.#open.size > 0) await this.#sleep(POLL_MS);
        } catch (error) {
          if (!isAway(error)) throw this.#store.error(error);
          if (this.#options.abort.aborted) {
            this.#options.say("the store is away: what waits there is not taken back");
            break;
          }
          if (!isAwayNow) this.#options.say(`the store is away (${reasonOf(error)}): waiting for it`);
          isAwayNow = true;
          await this.#sleep(wait);
          wait = Math.min(wait * 2, LONGEST_WAIT_MS);
        }
      }
      if (!isAwayNow) await this.#close();
    } finally {
      await this.#listening?.[Symbol.asyncDispose]();
    }
    const interrupted = this.#options.abort.aborted;
    return { ended: this.#ended, interrupted, stoppedByFailures: this.#stoppedByFailures && !interrupted };
  }

  async #turn(): Promise<void> {
    if (this.#options.abort.aborted && !this.#isCancelled) {
      await this.#cancel(["waiting", "running"], [...this.#open.values()]);
      this.#isCancelled = true;
    }
    await this.#showProgress();
    await this.#collect();
    if (performance.now() >= this.#nextCare) await this.#care();
  }

  async #showProgress(): Promise<void> {
    const rows = await this.#store.rows<{ id: string; job: string; event: string }>(
      "SELECT id, job, event FROM progress WHERE run = $1 AND id > $2 ORDER BY id LIMIT 1000",
      [this.#run.id, this.#seen],
    );
    for (const { id, job: of, event } of rows) {
      this.#seen = id;
      const job = this.#open.get(of);
      if (job === undefined) continue;
      const { shown: test, number: attempt } = job;
      const found = parsed(progress, event, "the progress of a job");
      if (found.kind === "phase")
        this.#options.report({ kind: "phase-started", test, attempt, phase: found.phase });
      else {
        const result = found.result as unknown as StepResult;
        this.#options.report({ kind: "step-finished", test, attempt, path: found.path, result });
      }
    }
  }

  async #collect(): Promise<void> {
    const rows = await this.#store.rows<{ id: string; agent: string; result: Buffer }>(
      "SELECT id, agent, result FROM job WHERE run = $1 AND state = 'done' AND NOT collected ORDER BY ended_at LIMIT 200",
      [this.#run.id],
    );
    if (rows.length === 0) return;
    const ids = rows.map(({ id }) => id);
    const before = Map.groupBy(
      await this.#store.rows<{ job: string; agent: string; outcome: string; reason: string }>(
        "SELECT job, agent, outcome, reason FROM attempt WHERE job = ANY($1::uuid[]) AND outcome IN ('lost', 'returned') ORDER BY started_at",
        [ids],
      ),
      ({ job }) => job,
    );
    for (const { id, agent: name, result } of rows) {
      const job = this.#open.get(id);
      if (job === undefined) continue;
      const agent = this.#agents.get(name) ?? (await this.#agentNamed(name));
      const notes = (before.get(id) ?? []).map(({ agent: by, outcome, reason }) =>
        outcome === "lost"
          ? `the agent '${by}' was lost with an attempt at it, which does not count`
          : `the agent '${by}' gave it back${reason && `: ${reason}`}`,
      );
      await this.#end({ job, agent, result: shownHere(readResult(result, job, name), name, notes) });
    }
    // What is not marked is collected again, and is known then: nothing is lost, and nothing counts twice.
    await this.#store.rows("UPDATE job SET collected = true WHERE id = ANY($1::uuid[])", [ids]);
    await this.#stopWhereEnoughFailed();
  }

  async #end(ended: Ended): Promise<void> {
    const { job, result } = ended;
    this.#open.delete(job.id);
    this.#ended.push(ended);
    for (const attempt of result.attempts) {
      this.#options.report({ kind: "attempt-finished", test: job.shown, attempt });
    }
    await this.#options.keep(ended);
    const last = result.attempts.at(-1);
    if (last !== undefined && !isHarmless(last.verdict)) this.#failed.add(job.shown);
  }

  async #stopWhereEnoughFailed(): Promise<void> {
    const { failFast } = this.#options;
    if (failFast === undefined || this.#failed.size < failFast || this.#stoppedByFailures) return;
    this.#stoppedByFailures = true;
    await this.#cancel(["waiting"], [...this.#open.values()]);
  }

  /** Takes jobs back; they are open no more. */
  async #cancel(states: readonly string[], jobs: readonly SentJob[]): Promise<string[]> {
    const cancelled = await this.#store.transaction(async (tx) => {
      const rows = await tx.rows<{ id: string; queue: string }>(
        "UPDATE job SET state = 'cancelled', ended_at = now() WHERE id = ANY($1::uuid[]) AND state = ANY($2) RETURNING id, queue",
        [jobs.map(({ id }) => id), states],
      );
      const ids = rows.map(({ id }) => id);
      await tx.rows(
        "UPDATE attempt SET outcome = 'cancelled', ended_at = now() WHERE job = ANY($1::uuid[]) AND outcome = 'running'",
        [ids],
      );
      for (const [queue, of] of Map.groupBy(rows, (row) => row.queue)) {
        await this.#store.boss.cancel(
          queue,
          of.map(({ id }) => id),
          { db: tx.db },
        );
      }
      await tell(tx, "cancel");
      return ids;
    });
    for (const id of cancelled) this.#open.delete(id);
    return cancelled;
  }

  /** Looks after jobs whose agents are gone. */
  async #care(): Promise<void> {
    await this.#store.rows("UPDATE run SET seen_at = now() WHERE id = $1", [this.#run.id]);
    await takeLost(this.#store);
    const agents = await registeredAgents(this.#store);
    this.#agents = new Map(agents.map((agent) => [agent.name, agent]));
    const live = agents.filter((agent) => agent.live && agent.protocol === PROTOCOL);
    const waiting = Map.groupBy(this.#open.values(), ({ queue }) => queue);
    for (const [queue, jobs] of waiting) {
      const [{ needs } = { needs: undefined }] = jobs;
      if (needs === undefined || live.some((agent) => obstacle(needs, agent) === undefined)) {
        this.#deserted.delete(queue);
        continue;
      }
      const since = this.#deserted.get(queue) ?? performance.now();
      if (!this.#deserted.has(queue)) {
        this.#options.say(
          `nobody is there any more for ${counted(jobs.length, "job")}: waiting for an agent`,
        );
      }
      this.#deserted.set(queue, since);
      if (performance.now() - since > 2 * LEASE_SECONDS * 1000) await this.#giveUp(jobs, agents);
    }
    this.#nextCare = performance.now() + CARE_MS;
  }

  /** Ends jobs that nobody is there to do. */
  async #giveUp(jobs: readonly SentJob[], agents: readonly RegisteredAgent[]): Promise<void> {
    const gone = agents
      .filter(({ live }) => !live)
      .map(({ name, seenSecondsAgo }) => `'${name}' was last seen ${seenSecondsAgo} s ago`);
    const why = `no host is there any more that can do it${gone.length > 0 ? `: ${gone.join(", ")}` : ""}`;
    const cancelled = new Set(await this.#cancel(["waiting", "running"], jobs));
    for (const job of jobs) {
      if (cancelled.has(job.id)) await this.#end({ job, agent: undefined, result: broken(job.number, why) });
    }
  }

  async #agentNamed(name: string): Promise<RegisteredAgent | undefined> {
    this.#agents = new Map((await registeredAgents(this.#store)).map((agent) => [agent.name, agent]));
    return this.#agents.get(name);
  }

  /** Nobody follows it any more: what only those need goes. */
  async #close(): Promise<void> {
    await this.#store.rows("UPDATE run SET ended_at = now(), seen_at = now() WHERE id = $1", [this.#run.id]);
    await this.#store.rows("DELETE FROM progress WHERE run = $1", [this.#run.id]);
    await clearOld(this.#store);
  }

  async #listen(): Promise<AsyncDisposable> {
    const mine = `run ${this.#run.id}`;
    return await this.#store.listen(
      (words) => {
        if (words === mine) this.#wake.resolve();
      },
      () => {
        this.#listening = undefined;
        this.#wake.resolve();
      },
    );
  }

  async #sleep(most: number): Promise<void> {
    const timer = setTimeout(() => this.#wake.resolve(), most);
    await this.#wake.promise;
    clearTimeout(timer);
  }
}

/** An agent that writes no results is a fault of that host, not of the test. */
function readResult(bytes: Buffer, { number }: SentJob, agent: string): JobResult {
  try {
    return decodeResult(bytes);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return broken(number, `what the agent '${agent}' says of it is no result: ${error.message}`);
  }
}

/** A result as it is shown here: paths of the other host are said in words, since nothing here is found by them. */
function shownHere(result: JobResult, agent: string, before: readonly string[]): JobResult {
  const attempts = result.attempts.map(({ folder, trace, replay: _, ...attempt }, index): Attempt => {
    const kept = trace ?? folder;
    const where = kept === undefined ? [] : [`its trace is kept on '${agent}', in ${kept}`];
    const notes = [...(attempt.notes ?? []), ...(index === 0 ? before : []), ...where];
    return { ...attempt, ...(notes.length > 0 && { notes }) };
  });
  return { ...result, attempts };
}
