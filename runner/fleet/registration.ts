/** Agents as the fleet knows them: what each says of its host when it starts, and that it is there. */
import { release } from "node:os";
import { z } from "zod";
import { describeHost } from "../../engine/trace/mod.ts";
import { findEngines, RR_CAPABILITIES } from "../engines/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { CAPABILITY_NAMES, liveHost } from "../host/mod.ts";
import { factsOf } from "../run/mod.ts";
import { TICKPROOF } from "../start/mod.ts";
import { VERSION } from "../text/mod.ts";
import type { Tx } from "./connection.ts";
import { type AgentFacts, agentFacts, PROTOCOL, parsed } from "./protocol.ts";
import type { FleetStore } from "./store.ts";

/** How long an agent that says nothing has its jobs, in seconds. */
export const LEASE_SECONDS = 30;

/** What an agent is called, and what it takes. */
export interface AgentOptions {
  name: string;
  labels: readonly string[];
  /** Jobs at a time. */
  slots: number;
}

/** An agent that has registered. */
export interface RegisteredAgent extends AgentOptions {
  protocol: number;
  version: string;
  facts: AgentFacts;
  /** It was seen within a lease, and has not ended. */
  live: boolean;
  seenSecondsAgo: number;
}

/** Asks this host all that doctor asks. */
export function examineHost(): AgentFacts {
  const { capabilities, broken } = factsOf(liveHost, new Set([...CAPABILITY_NAMES, ...RR_CAPABILITIES]));
  const { embedded, rr, rrIsFit } = findEngines(TICKPROOF, liveHost, capabilities);
  return {
    kernel: release(),
    cpu: describeHost().cpu,
    bun: Bun.version,
    engines: {
      embedded: embedded.label,
      rr:
        "refusal" in rr
          ? { refusal: rr.refusal, missing: [...rr.missing] }
          : { label: rr.label, fit: rrIsFit },
    },
    capabilities: Object.fromEntries(
      [...capabilities].map(([name, { state, evidence }]) => [name, { state, evidence }]),
    ),
    broken: Object.fromEntries(broken),
  };
}

/** Says that an agent is here, in place of one that had its name. */
export async function register(
  store: FleetStore,
  { name, labels, slots }: AgentOptions,
  instance: string,
  facts: AgentFacts,
): Promise<void> {
  await store.rows(
    `INSERT INTO agent (name, instance, protocol, version, facts, labels, slots)
     VALUES ($1, $2, $3, $4, $5, $6, $7)
     ON CONFLICT (name) DO UPDATE SET instance = excluded.instance, protocol = excluded.protocol,
       version = excluded.version, facts = excluded.facts, labels = excluded.labels, slots = excluded.slots,
       started_at = now(), seen_at = now(), ended_at = NULL`,
    [name, instance, PROTOCOL, VERSION, JSON.stringify(facts), [...labels], slots],
  );
}

/** Says that it is still here. @throws {UsageError} If another one has taken its name. */
export async function beat(tx: Pick<Tx, "rows">, name: string, instance: string): Promise<void> {
  const mine = await tx.rows(
    "UPDATE agent SET seen_at = now() WHERE name = $1 AND instance = $2 RETURNING name",
    [name, instance],
  );
  if (mine.length === 0) {
    throw new UsageError(
      `another agent has registered as '${name}' since: give each a name of its own (tickproof agent --name NAME)`,
    );
  }
}

/** Says that it has ended. */
export async function deregister(store: FleetStore, name: string, instance: string): Promise<void> {
  await store.rows("UPDATE agent SET ended_at = now() WHERE name = $1 AND instance = $2", [name, instance]);
}

const row = z.object({ labels: z.array(z.string()), slots: z.int(), protocol: z.int(), version: z.string() });

/** All agents that have registered, by name. What one says that can't be understood is no agent of this fleet. */
export async function registeredAgents(store: FleetStore): Promise<RegisteredAgent[]> {
  const rows = await store.rows<{ name: string; facts: string; live: boolean; age: string }>(
    `SELECT name, protocol, version, facts, labels, slots,
       ended_at IS NULL AND seen_at > now() - $1 * interval '1 second' AS live,
       extract(epoch FROM now() - seen_at) AS age
     FROM agent ORDER BY name`,
    [LEASE_SECONDS],
  );
  return rows.map(({ name, facts, live, age, ...rest }) => {
    const { protocol, ...known } = row.parse(rest);
    // Another protocol's facts may have another form, and nobody asks them.
    const read = protocol === PROTOCOL ? facts : JSON.stringify(NOTHING);
    return {
      ...known,
      name,
      protocol,
      live,
      seenSecondsAgo: Math.round(Number(age)),
      facts: parsed(agentFacts, read, `what the agent '${name}' says of its host`),
    };
  });
}

const NOTHING: AgentFacts = {
  kernel: "",
  cpu: "",
  bun: "",
  engines: { embedded: "", rr: { refusal: "", missing: [] } },
  capabilities: {},
  broken: {},
};
