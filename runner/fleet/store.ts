/** A fleet's database, open: its tables and pg-boss's queues, set up where they are not. */
import { PgBoss } from "pg-boss";
import { UsageError } from "../errors/mod.ts";
import { History, type StorePlace } from "../history/mod.ts";
import { CHANNEL, Connections, fleetError, QUEUE_SCHEMA, type Tx } from "./connection.ts";
import { PROTOCOL } from "./protocol.ts";
import { checkProtocol, grantsOf, protocolOf, type Right, setUp } from "./schema.ts";

/** How a fleet is opened. */
export interface OpenOptions {
  /** Let pg-boss clear away what is long done, as agents do. @default false */
  upkeep?: boolean;
  /** Takes a sentence for people. */
  warn: (words: string) => void;
}

/** An open fleet. */
export class FleetStore implements AsyncDisposable {
  readonly name: string;
  readonly #connections: Connections;
  readonly boss: PgBoss;
  readonly #place: StorePlace;

  private constructor(place: StorePlace, connections: Connections, boss: PgBoss) {
    this.#place = place;
    this.name = connections.name;
    this.#connections = connections;
    this.boss = boss;
  }

  /**
   * Opens a fleet; sets it up if nobody has.
   *
   * @throws {UsageError} If it can't be used: no server, no rights, a newer protocol.
   */
  static async open(place: StorePlace, { upkeep = false, warn }: OpenOptions): Promise<FleetStore> {
    if (place.kind !== "postgres") {
      throw new UsageError(
        `a fleet needs PostgreSQL, the store here is ${place.path}: say 'store: postgres://…' in tickproof.yaml, or TICKPROOF_STORE`,
      );
    }
    const connections = new Connections(place);
    try {
      const found = await protocolOf(connections.tx);
      checkProtocol(found, connections.name);
      if (found < PROTOCOL) await setUpAll(connections);
      const boss = bossOf(connections, { supervise: upkeep, warn });
      await boss.start();
      return new FleetStore(place, connections, boss);
    } catch (error) {
      await connections[Symbol.asyncDispose]();
      throw fleetError(connections.name, error);
    }
  }

  /** One statement. */
  async rows<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]> {
    return await this.#connections.tx.rows<T>(text, values);
  }

  /** Does something whole or not at all. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return await this.#connections.transaction(work);
  }

  /** Hears what others of the fleet tell. */
  async listen(onNotice: (words: string) => void, onBroken: () => void): Promise<AsyncDisposable> {
    return await this.#connections.listen(onNotice, onBroken);
  }

  /** Gives a role of PostgreSQL a right. The tables of the history belong to it: they are made if they are not there. */
  async grant(right: Right, role: string): Promise<void> {
    await (await History.open(this.#place))[Symbol.asyncDispose]();
    await this.transaction(async (tx) => {
      for (const statement of grantsOf(right, role)) await tx.rows(statement);
    });
  }

  /** An error of the server in words for people. */
  error(fault: unknown): unknown {
    return fleetError(this.name, fault);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.boss.stop({ graceful: false, close: false });
    await this.#connections[Symbol.asyncDispose]();
  }
}

/** Tells the fleet something. In a transaction it is told when that is whole. */
export async function tell(tx: Pick<Tx, "rows">, words: string): Promise<void> {
  await tx.rows("SELECT pg_notify($1, $2)", [CHANNEL, words]);
}

function bossOf(
  { tx }: Connections,
  { supervise, warn, migrate = false }: { supervise: boolean; warn: OpenOptions["warn"]; migrate?: boolean },
): PgBoss {
  const boss = new PgBoss({
    db: tx.db,
    schema: QUEUE_SCHEMA,
    migrate,
    supervise,
    schedule: false,
    registerInstance: false,
  });
  // What it does in the background is tried again by itself.
  boss.on("error", (error) => warn(`the queue's upkeep failed, it is tried again: ${error.message}`));
  return boss;
}

/** Several processes may do so at the same time. @throws What the server refuses. */
async function setUpAll(connections: Connections): Promise<void> {
  const boss = bossOf(connections, { supervise: false, warn: () => {}, migrate: true });
  await boss.start();
  await boss.stop({ graceful: false, close: false });
  await connections.transaction((tx) => setUp(tx, connections.name));
}
