/**
 * Hearing of changes of a history as they happen. PostgreSQL tells those who listen; a file of SQLite is looked at, which
 * costs no reading of it: it counts the transactions of others.
 */
import type { Connection, Sql } from "./connection.ts";

/** A run that goes on says so at least as often, in milliseconds. */
export const BEAT_MS = 30_000;
/** One that has said nothing for so long was killed, or its network is cut. */
export const LOST_MS = 4 * BEAT_MS;

/** What PostgreSQL calls a channel: a name of ours. */
const CHANNEL = "tickproof_history";
/** How often a file of SQLite is looked at. */
const LOOK_MS = 500;

/** Tells those who watch, when the transaction is whole. */
export async function tellOfChange({ kind }: Pick<Connection, "kind">, tx: Sql): Promise<void> {
  if (kind === "postgres") await tx`SELECT pg_notify(${CHANNEL}, '')`;
}

/**
 * Watches a history.
 *
 * @param onChange Called after each change, also by others; once for several that come together.
 * @param onFault Called when the database can't be asked; it is asked again.
 */
export async function watchChanges(
  { kind, sql }: Connection,
  onChange: () => void,
  onFault: (error: unknown) => void,
): Promise<AsyncDisposable> {
  // A lost connection is made again, and what has happened meanwhile is not told.
  if (kind === "postgres") return await sql.listen(CHANNEL, onChange, onChange);
  let [seen, isAsking]: [number | undefined, boolean] = [undefined, false];
  const look = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      const [row] = await sql<{ data_version: number }[]>`PRAGMA data_version`;
      if (seen !== undefined && seen !== row?.data_version) onChange();
      seen = row?.data_version;
    } catch (error) {
      onFault(error);
    } finally {
      isAsking = false;
    }
  };
  await look();
  const timer = setInterval(() => void look(), LOOK_MS);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
    },
  };
}
