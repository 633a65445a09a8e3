/** Contents in a fleet's store, by their digest, in parts: a row is held in memory whole, by the server and by us. */
import type { Tx } from "./connection.ts";

/** Bytes of a part; the last one may have less. */
export const PART_BYTES = 1024 * 1024;

/**
 * Adds a content, or marks it as used where it is there.
 *
 * @param pieces Its bytes, in pieces of at most {@link PART_BYTES}. They are not asked for where the content is there.
 */
export async function addBlob(
  tx: Tx,
  digest: string,
  bytes: number,
  pieces: Iterable<Uint8Array>,
): Promise<void> {
  const [added] = await tx.rows<{ fresh: boolean }>(
    `INSERT INTO blob (digest, bytes) VALUES ($1, $2)
     ON CONFLICT (digest) DO UPDATE SET used_at = now() RETURNING xmax = 0 AS fresh`,
    [digest, bytes],
  );
  if (!added?.fresh) return;
  let part = 0;
  for (const piece of pieces) {
    await tx.rows("INSERT INTO blob_part (digest, part, data) VALUES ($1, $2, $3)", [digest, part++, piece]);
  }
}

/** The parts of a content of so many bytes, in order; fewer where some are missing. Whoever asks checks the digest. */
export async function* partsOf(tx: Pick<Tx, "rows">, digest: string, bytes: number): AsyncGenerator<Buffer> {
  let size = 0;
  for (let part = 0; size < bytes; part++) {
    const [row] = await tx.rows<{ data: Buffer }>(
      "SELECT data FROM blob_part WHERE digest = $1 AND part = $2",
      [digest, part],
    );
    if (row === undefined) return;
    size += row.data.byteLength;
    yield row.data;
  }
}
