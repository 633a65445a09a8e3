/**
 * Kills the agents of a fleet at random while they work, by hand: `runner/bun bench/fleet.ts --jobs 1000 --agents 8`. Starts a
 * PostgreSQL of its own, sends a run, kills and starts agents again every so often, and holds the end against what must be so:
 * each job has one result, and one attempt that counts. Jobs are stand-ins of some milliseconds, since what is tried here is
 * the queue; with `--real` they are tests that are recorded and replayed. Exit code 1 if anything is not as it must be.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asked, makeDatabase, openFleet, passed, SmallProject } from "../runner/fleet/_fixtures.ts";
import { follow } from "../runner/fleet/follow.ts";
import { Agent, examineHost, submit } from "../runner/fleet/mod.ts";
import { startServer } from "../runner/history/_stores.ts";
import { loadManifest } from "../runner/manifest/mod.ts";
import { manifestTests } from "../runner/run/select/plan.ts";

const { values } = parseArgs({
  options: {
    jobs: { type: "string", default: "1000" },
    agents: { type: "string", default: "8" },
    milliseconds: { type: "string", default: "50" },
    kills: { type: "string", default: "20" },
    every: { type: "string", default: "1000" },
    restarts: { type: "string", default: "1" },
    real: { type: "boolean", default: false },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    agent: { type: "string" },
    url: { type: "string" },
  },
});

if (values.agent !== undefined && values.url !== undefined) await beAgent(values.agent, values.url);
else process.exit(await kill());

/** One of the agents, a process of its own. */
async function beAgent(name: string, url: string): Promise<void> {
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  const standIn = async () => {
    await Bun.sleep(Number(values.milliseconds));
    return { result: passed() };
  };
  const facts = values.real
    ? examineHost()
    : {
        ...{ kernel: "", cpu: "", bun: Bun.version, capabilities: {}, broken: {} },
        engines: { embedded: "embedded", rr: { refusal: "not asked", missing: [] } },
      };
  await new Agent({
    ...{ name, labels: [], slots: 2, facts, once: false },
    ...{ stop: stop.signal, stopNow: new AbortController().signal, say: () => {} },
    ...(!values.real && { perform: standIn }),
  }).run({ kind: "postgres", url });
  process.exit(0);
}

function start(name: string, url: string): Bun.Subprocess {
  const real = values.real ? ["--real"] : ["--milliseconds", values.milliseconds];
  return Bun.spawn([process.execPath, import.meta.path, "--agent", name, "--url", url, ...real], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

async function kill(): Promise<number> {
  let state = Number(values.seed);
  const random = (below: number) => {
    // Numerical Recipes' generator: the same seed kills the same agents.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state % below;
  };
  const server = await startServer();
  const url = (await makeDatabase(server, "soak"))("me");
  using project = new SmallProject("suite: m\ntests:\n  - { name: t, command: 'true' }\n");
  const store = await openFleet(url);
  const names = Array.from({ length: Number(values.agents) }, (_, index) => `agent-${index + 1}`);
  const agents = new Map(names.map((name) => [name, start(name, url)]));
  const jobs = Number(values.jobs);
  try {
    while ((await store.rows("SELECT 1 FROM agent")).length < names.length) await Bun.sleep(100);
    const [test = project.test("t")] = manifestTests(loadManifest(join(project.folder, "m.yaml")));
    const sentAt = performance.now();
    const run = await submit(store, asked([test], { repeat: jobs }), project.folder, console.log);
    const sentMs = performance.now() - sentAt;
    let kills = 0;
    const killer = setInterval(async () => {
      if (kills >= Number(values.kills)) return;
      kills++;
      const name = names[random(names.length)] ?? "";
      agents.get(name)?.kill("SIGKILL");
      agents.set(name, start(name, url));
    }, Number(values.every));
    const restarts = Number(values.restarts);
    const restarter = (async () => {
      for (let restart = 0; restart < restarts; restart++) {
        await Bun.sleep(5000);
        await server.kill();
        await Bun.sleep(3000);
        await server.start();
      }
    })();
    const seen = new Map<string, number>();
    const began = performance.now();
    const { ended } = await follow(store, run, {
      ...{ abort: new AbortController().signal, failFast: undefined, report: () => {}, say: console.log },
      keep: ({ job }) => void seen.set(job.id, (seen.get(job.id) ?? 0) + 1),
    });
    const seconds = (performance.now() - began) / 1000;
    clearInterval(killer);
    await restarter;
    const outcomes = await store.rows<{ outcome: string; attempts: number }>(
      "SELECT outcome, count(*)::int AS attempts FROM attempt GROUP BY 1 ORDER BY 1",
    );
    const [most] = await store.rows<{ done: number }>(
      "SELECT max(n)::int AS done FROM (SELECT count(*) AS n FROM attempt WHERE outcome = 'done' GROUP BY job) AS each",
    );
    const [size] = await store.rows<{ bytes: number }>(
      `SELECT sum(pg_total_relation_size(oid))::float AS bytes FROM pg_class
       WHERE relkind = 'r' AND relnamespace IN ('tickproof_fleet'::regnamespace, 'tickproof_queue'::regnamespace)`,
    );
    const verdicts = Map.groupBy(ended, ({ result }) => result.attempts[0]?.verdict.kind ?? "none");
    console.log(
      `seed ${values.seed}: ${jobs} jobs sent in ${Math.round(sentMs)} ms, done by ${names.length} agents in ${seconds.toFixed(1)} s ` +
        `(${(jobs / seconds).toFixed(0)} a second), ${kills} kills, ${restarts} restarts of the server`,
    );
    console.log(`${Math.round((size?.bytes ?? 0) / jobs)} bytes in the database for each job`);
    console.log(outcomes.map(({ outcome, attempts }) => `${attempts} ${outcome}`).join(", "));
    console.log([...verdicts].map(([kind, of]) => `${of.length} ${kind}`).join(", "));
    const twice = [...seen.values()].filter((times) => times !== 1).length;
    const isRight = ended.length === jobs && seen.size === jobs && twice === 0 && most?.done === 1;
    console.log(
      isRight ? "each job has one result" : `WRONG: ${ended.length} ended, ${seen.size} seen, ${twice} twice`,
    );
    return isRight ? 0 : 1;
  } finally {
    for (const agent of agents.values()) agent.kill("SIGKILL");
    await store[Symbol.asyncDispose]();
    await server.stop();
  }
}
