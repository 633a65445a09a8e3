/**
 * Connections to the PostgreSQL of a fleet. They are pg's, not Bun's own: pg-boss is written over pg, and a job must end in
 * the same transaction in the tables of both.
 */
import pg from "pg";
import type { Db as IDatabase } from "pg-boss";
import { UsageError } from "../errors/mod.ts";
import { placeName, type StorePlace } from "../history/mod.ts";

/** Schema of the fleet's tables. */
export const SCHEMA = "tickproof_fleet";
/** Schema of pg-boss's tables. */
export const QUEUE_SCHEMA = "tickproof_queue";

/** How long a connection, and an answer, may take. */
const CONNECT_MS = 10_000;
const ANSWER_MS = 60_000;
/** Transactions that wait for each other are tried so often. */
const MOST_TRIES = 10;
/** SQLSTATE of a deadlock and of a conflict between transactions (PostgreSQL's errcodes: class 40). */
const TRY_AGAIN: ReadonlySet<string> = new Set(["40P01", "40001"]);
/** The server ends, starts, or has no room for one more (errcodes: classes 57 and 53). */
const AWAY: ReadonlySet<string> = new Set(["57P01", "57P02", "57P03", "53300"]);
/** What connecting, and connections, fail with (errno(3), getaddrinfo(3)); a socket whose server has ended is not there. */
const NO_WAY: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENETDOWN"],
  ...["ENOTFOUND", "EAI_AGAIN", "ENOENT"],
]);
/** insufficient_privilege. */
export const FORBIDDEN = "42501";

/** Statements that go to one connection, mostly within a transaction. */
export interface Tx {
  rows<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]>;
  /** The same one, as pg-boss takes it. */
  readonly db: IDatabase;
}

/** What LISTEN and NOTIFY call the channel of a fleet. Payloads are "work", "run ID" and "cancel". */
export const CHANNEL = "tickproof_fleet";

/** Several connections to one server. */
export class Connections implements AsyncDisposable {
  readonly name: string;
  readonly #config: pg.ClientConfig;
  readonly #pool: pg.Pool;

  constructor(place: Extract<StorePlace, { kind: "postgres" }>) {
    this.name = placeName(place);
    this.#config = {
      connectionString: libpqUrl(place.url),
      application_name: "tickproof",
      options: `-c search_path=${SCHEMA}`,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
    };
    this.#pool = new pg.Pool({ ...this.#config, max: 4, idleTimeoutMillis: 10_000 });
    // A connection that breaks while nobody uses it is replaced by the next one.
    this.#pool.on("error", () => {});
  }

  /** One statement, on any connection. */
  readonly tx: Tx = {
    rows: async <T extends object>(text: string, values?: readonly unknown[]) =>
      (await this.#pool.query(text, values === undefined ? undefined : [...values])).rows as T[],
    db: { executeSql: async (text, values) => await this.#pool.query(text, values) },
  };

  /** Does something whole or not at all; again, where two wait for each other. */
  async transaction<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#once(work);
      } catch (error) {
        if (!TRY_AGAIN.has(sqlState(error) ?? "") || tries === MOST_TRIES) throw error;
      }
    }
  }

  async #once<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on("error", onError);
    try {
      await client.query("BEGIN");
      const result = await work({
        rows: async <R extends object>(text: string, values?: readonly unknown[]) =>
          (await client.query(text, values === undefined ? undefined : [...values])).rows as R[],
        db: { executeSql: async (text, values) => await client.query(text, values) },
      });
      await client.query("COMMIT");
      return result;
    } catch (error) {
      // One that the server refused is fit for another transaction, once this one is taken back.
      if (sqlState(error) === undefined) broken ??= error instanceof Error ? error : new Error(String(error));
      else await client.query("ROLLBACK").catch((fault: Error) => (broken ??= fault));
      throw error;
    } finally {
      client.off("error", onError);
      client.release(broken);
    }
  }

  /**
   * Hears what others say, until it is disposed or the connection breaks.
   *
   * @param onBroken Called once when nothing more will be heard.
   */
  async listen(onNotice: (words: string) => void, onBroken: () => void): Promise<AsyncDisposable> {
    const client = new pg.Client(this.#config);
    let over = false;
    const end = () => {
      if (!over) onBroken();
      over = true;
    };
    client.on("error", end);
    client.on("end", end);
    client.on("notification", ({ payload = "" }) => onNotice(payload));
    try {
      await client.connect();
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      over = true;
      await client.end().catch(() => {});
      throw error;
    }
    return {
      async [Symbol.asyncDispose]() {
        over = true;
        await client.end().catch(() => {});
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
  }
}

/** `sslmode` means what it means to libpq, as for the history; pg has its own meaning unless it is told. */
function libpqUrl(url: string): string {
  const parsed = new URL(url);
  if (parsed.searchParams.has("sslmode")) parsed.searchParams.set("uselibpqcompat", "true");
  return parsed.href;
}

/** What the server has refused with; undefined for what did not come from a server. */
function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Whether a server may take later what it did not take now: it is away, not of another opinion. */
export function isAway(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return AWAY.has(state) || state.startsWith("08");
  if (!(error instanceof Error) || error instanceof UsageError) return false;
  if (error instanceof AggregateError) return error.errors.some(isAway);
  if ("code" in error && typeof error.code === "string") return NO_WAY.has(error.code);
  return /^(Connection terminated|timeout e|Query read timeout|Client has encountered a connection error)/.test(
    error.message,
  );
}

/** What went wrong with a fleet's server, for people; whatever else went wrong stays as it is. */
export function fleetError(name: string, error: unknown): unknown {
  const state = sqlState(error);
  if (state === undefined && !isAway(error)) return error;
  const reason = reasonOf(error) + (state === undefined ? "" : `, SQLSTATE ${state}`);
  const remedy =
    state === FORBIDDEN
      ? "let the owner of the database say 'tickproof fleet grant submit|work|read ROLE'"
      : "see that the server runs, and that user and password are right (TICKPROOF_STORE)";
  return new UsageError(`the fleet in ${name} can't be used (${reason}): ${remedy}`, { cause: error });
}

/** Several addresses of one name give several errors, and no message of their own. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}
