/** Jobs in a real PostgreSQL: who may do what, and that each ends once. */
import { afterAll, test } from "bun:test";
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { UsageError } from "../errors/mod.ts";
import { NO_POSTGRES, type Server, startServer } from "../history/_stores.ts";
import { asked, makeDatabase, openFleet, passed, SmallProject } from "./_fixtures.ts";
import { type Claim, claim, finish, giveBack, MOST_LOSSES, openQueues, renew, takeLost } from "./claims.ts";
import { follow } from "./follow.ts";
import { perform } from "./perform.ts";
import type { AgentFacts } from "./protocol.ts";
import { register } from "./registration.ts";
import type { FleetStore } from "./store.ts";
import { type SentRun, submit } from "./submit.ts";
import { Contents } from "./transfer.ts";

let server: Promise<Server> | undefined;
afterAll(async () => await (await server)?.stop());

function postgresTest(name: string, body: (server: Server) => Promise<void>): void {
  if (NO_POSTGRES !== undefined) test.skip(`${name} (skipped: ${NO_POSTGRES})`, () => {});
  else {
    test(name, async () => {
      server ??= startServer();
      await body(await server);
    });
  }
}

const FACTS: AgentFacts = {
  kernel: "6.1.0",
  cpu: "a processor",
  bun: "1",
  engines: { embedded: "embedded", rr: { refusal: "rr is not installed", missing: [] } },
  capabilities: { pmu: { state: "no", evidence: "ENOENT" } },
  broken: {},
};

async function registerAs(store: FleetStore, name: string, labels: readonly string[] = []): Promise<void> {
  await register(store, { name, labels, slots: 2 }, crypto.randomUUID(), FACTS);
}

/** Takes the next job of the only queue. */
async function next(store: FleetStore, agent: string): Promise<Claim> {
  const [queue] = await openQueues(store);
  assert(queue);
  const claimed = await claim(store, queue, agent);
  assert(claimed !== undefined && claimed !== "none");
  return claimed;
}

/** Lets the lease of an attempt be over, as if its agent had said nothing for so long. */
async function letLapse(store: FleetStore, { token }: Claim): Promise<void> {
  await store.rows("UPDATE attempt SET lease_until = now() - interval '1 second' WHERE token = $1", [token]);
}

async function outcomes(store: FleetStore, run: SentRun): Promise<string[]> {
  const rows = await store.rows<{ words: string }>(
    `SELECT attempt.agent || ' ' || outcome AS words FROM attempt JOIN job ON job.id = job WHERE run = $1 ORDER BY attempt.started_at`,
    [run.id],
  );
  return rows.map(({ words }) => words);
}

postgresTest("a job ends once: by its newest attempt, however late the others come", async (there) => {
  const url = await makeDatabase(there, "once");
  using project = new SmallProject();
  await using store = await openFleet(url("me"));
  await registerAs(store, "alpha");
  const run = await submit(store, asked([project.test("one")]), project.folder, () => {});
  const first = await next(store, "alpha");
  assertEquals(await openQueues(store), []);
  assertEquals([...(await renew(store, [first.token]))], [first.token]);
  assertEquals(await takeLost(store, 0), 0);

  await letLapse(store, first);
  // A server that has just started leaves agents the time to come back.
  assertEquals(await takeLost(store, 1_000_000), 0);
  assertEquals(await takeLost(store, 0), 1);
  assertEquals(await takeLost(store, 0), 0);
  const second = await next(store, "beta");
  assertEquals(second.before, ["alpha was lost with it"]);
  assertEquals([...(await renew(store, [first.token, second.token]))], [second.token]);

  // Nobody else may give it back, or end it.
  await giveBack(store, first, "");
  assertEquals(await finish(store, first, passed()), false);
  await giveBack(store, second, "its disk is full");
  const third = await next(store, "alpha");
  assertEquals(third.before.at(-1), "beta gave it back: its disk is full");
  assertEquals(await finish(store, third, passed()), true);
  // Said again: nobody knew whether it was heard.
  assertEquals(await finish(store, third, passed()), true);
  assertEquals(await finish(store, second, passed()), false);
  assertEquals(await outcomes(store, run), ["alpha lost", "beta returned", "alpha done"]);
  assertEquals(await openQueues(store), []);

  const kept: string[] = [];
  const { ended } = await follow(store, run, {
    abort: new AbortController().signal,
    failFast: undefined,
    report: ({ kind }) => kept.push(kind),
    keep: ({ agent }) => void kept.push(agent?.name ?? ""),
    say: () => {},
  });
  assertEquals(kept, ["attempt-finished", "alpha"]);
  assertEquals(ended[0]?.result.attempts[0]?.notes, [
    "the agent 'alpha' was lost with an attempt at it, which does not count",
    "the agent 'beta' gave it back: its disk is full",
  ]);
  const [left] = await store.rows("SELECT state, collected FROM job WHERE run = $1", [run.id]);
  assertEquals(left as object, { state: "done", collected: true });
  const [boss] = await store.rows("SELECT state FROM tickproof_queue.job WHERE id = $1", [third.job]);
  assertEquals(boss as object, { state: "completed" });
});

postgresTest(
  "a job that loses agent after agent comes to an end, and a cancelled one is nobody's",
  async (there) => {
    const url = await makeDatabase(there, "losses");
    using project = new SmallProject();
    await using store = await openFleet(url("me"));
    await registerAs(store, "alpha");
    const send = () => submit(store, asked([project.test("one")]), project.folder, () => {});
    const abort = new AbortController();
    await send();
    let last = await next(store, "alpha");
    for (let loss = 0; loss < MOST_LOSSES; loss++) {
      await letLapse(store, last);
      assertEquals(await takeLost(store, 0), 1);
      last = await next(store, "alpha");
    }
    const means = {
      store,
      contents: new Contents(`${project.folder}/c`),
      folder: project.folder,
      agent: "alpha",
      onProgress: () => {},
    };
    const performed = await perform(last, { ...means, abort: abort.signal });
    assert("result" in performed);
    const verdict = performed.result.attempts[0]?.verdict;
    assert(verdict?.kind === "broken");
    assertMatch(verdict.reason, /tried 5 times, and no agent came to its end: alpha was lost with it; /);
    assertEquals(await finish(store, last, performed.result), true);

    const run = await send();
    const running = await next(store, "alpha");
    const following = follow(store, run, {
      ...{ abort: abort.signal, failFast: undefined, report: () => {}, keep: () => {}, say: () => {} },
    });
    abort.abort();
    const { ended, interrupted } = await following;
    assertEquals([ended.length, interrupted], [0, true]);
    assertEquals([...(await renew(store, [running.token]))], []);
    assertEquals(await finish(store, running, passed()), false);
    assertEquals(await openQueues(store), []);
  },
);

postgresTest(
  "roles may do what they were given: who works can't send, who reads changes nothing",
  async (there) => {
    const url = await makeDatabase(there, "roles");
    using project = new SmallProject();
    await using owner = await openFleet(url("me"));
    for (const right of ["submit", "work", "read"] as const) {
      await owner.rows(`CREATE ROLE ${right}s LOGIN`);
      await owner.grant(right, `${right}s`);
    }
    await using works = await openFleet(url("works"));
    await using submits = await openFleet(url("submits"));
    await using reads = await openFleet(url("reads"));
    await registerAs(works, "alpha");
    const sent = () => submit(submits, asked([project.test("one")]), project.folder, () => {});
    const run = await sent();
    assertEquals(await finish(works, await next(works, "alpha"), passed()), true);
    const { ended } = await follow(submits, run, {
      ...{
        abort: new AbortController().signal,
        failFast: undefined,
        report: () => {},
        keep: () => {},
        say: () => {},
      },
    });
    assertEquals(ended.length, 1);
    const [counted] = await reads.rows("SELECT count(*)::int AS jobs FROM job WHERE state = 'done'");
    assertEquals(counted as object, { jobs: 1 });

    const refused = async (what: Promise<unknown>, store: FleetStore) => {
      const error = await what.then(
        () => undefined,
        (fault) => store.error(fault),
      );
      assert(error instanceof UsageError, String(error));
      assertMatch(
        error.message,
        /permission denied.*SQLSTATE 42501\): let the owner .*'tickproof fleet grant/,
      );
    };
    await refused(
      submit(works, asked([project.test("two")]), project.folder, () => {}),
      works,
    );
    await refused(registerAs(submits, "mine"), submits);
    await refused(registerAs(reads, "mine"), reads);
    await refused(reads.rows("UPDATE job SET state = 'waiting'"), reads);
    await refused(works.rows("UPDATE job SET spec = '{}'"), works);
    // A job of pg-boss alone is none: what it runs stands in a table that only those who submit may add to.
    const [queue] = await works.rows<{ name: string }>("SELECT name FROM queue");
    await works.boss.insert(queue?.name ?? "", [{}]);
    assertEquals(
      await claim(works, { name: queue?.name ?? "", needs: await sentNeeds(sent) }, "alpha"),
      "none",
    );
  },
);

async function sentNeeds(sent: () => Promise<SentRun>) {
  const [job] = (await sent()).jobs;
  assert(job);
  return job.needs;
}

postgresTest(
  "what another protocol has set up is left alone, and what can't be sent is said",
  async (there) => {
    const url = await makeDatabase(there, "versions");
    using project = new SmallProject();
    const said: string[] = [];
    await using store = await openFleet(url("me"));
    const send = (more = {}) =>
      submit(store, asked([project.test("one")], more), project.folder, (words) => said.push(words));
    await assertRejects(
      send,
      UsageError,
      "no agent is there in postgres://me@localhost/versions: start 'tickproof agent'",
    );
    await registerAs(store, "old");
    await store.rows("UPDATE agent SET protocol = 0, version = '0.0.1', facts = '?'");
    await assertRejects(send, UsageError, "none of the 1 agent that are there may get it");
    assertEquals(said, [
      "agent 'old' gets nothing: it is tickproof 0.0.1 and speaks protocol 0, this one speaks 1",
    ]);
    await registerAs(store, "new");
    await assertRejects(() => send({ labels: ["none"] }), UsageError, "with --on none");
    await registerAs(store, "newer", ["big"]);
    const each = await send({ eachHost: true });
    assertEquals(
      each.jobs.map(({ shown, test, needs }) => [shown.id, test.id, needs.agent]),
      [
        ["m/one on new", "m/one", "new"],
        ["m/one on newer", "m/one", "newer"],
      ],
    );
    const [big] = (await send({ labels: ["big"] })).jobs;
    assertEquals([big?.needs.labels, big?.needs.agent], [["big"], null]);
    const lost = project.test("one", { location: { file: "/elsewhere/m.yaml", line: 1 } });
    await assertRejects(
      () => send({ tests: [lost] }),
      UsageError,
      "/elsewhere/m.yaml is not among the files",
    );
    await store.rows("UPDATE tickproof_fleet.protocol SET protocol = 99");
    await assertRejects(
      () => openFleet(url("me")),
      UsageError,
      "speaks protocol 99, this tickproof speaks 1: use the newer",
    );
  },
);
