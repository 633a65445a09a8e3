/** Clears away what is long over: runs, and projects that none needs any more. Results are in the history by then. */
import type { FleetStore } from "./store.ts";

/** How long a run is kept after its end, or after anybody has followed it. */
export const KEPT_DAYS = 14;
/** What no run needs stays so long: somebody may be about to send a run that does. */
const SPARE_HOURS = 24;

/** Clears; several may do so at the same time. */
export async function clearOld(store: FleetStore): Promise<void> {
  await store.rows("DELETE FROM run WHERE greatest(started_at, seen_at) < now() - $1 * interval '1 day'", [
    KEPT_DAYS,
  ]);
  await store.rows(
    `DELETE FROM bundle WHERE used_at < now() - $1 * interval '1 hour'
       AND NOT EXISTS (SELECT 1 FROM run WHERE run.bundle = bundle.digest)`,
    [SPARE_HOURS],
  );
  await store.rows(
    `DELETE FROM blob WHERE used_at < now() - $1 * interval '1 hour'
       AND NOT EXISTS (SELECT 1 FROM bundle_blob WHERE bundle_blob.blob = blob.digest)
       AND NOT EXISTS (SELECT 1 FROM trace WHERE trace.blob = blob.digest)`,
    [SPARE_HOURS],
  );
}
