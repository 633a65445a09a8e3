/** Moves bundles: into the store, and out of it into a folder of an agent. */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { addBlob, PART_BYTES, partsOf } from "./blobs.ts";
import { type Bundle, type BundleEntry, checkedEntries, sha256 } from "./bundle.ts";
import type { Tx } from "./connection.ts";
import type { FleetStore } from "./store.ts";

/**
 * Sends what the store does not have yet. The contents come first, each by itself; the bundle follows, with the run that
 * needs it.
 *
 * @returns How many bytes were sent.
 * @throws {UsageError} If a file has changed since it was listed.
 */
export async function sendContents(store: FleetStore, { root, entries }: Bundle): Promise<number> {
  const files = new Map(entries.flatMap((entry) => (entry.kind === "file" ? [[entry.digest, entry]] : [])));
  // What is there is marked as used, so that nobody clears it away before the bundle stands.
  const there = await store.rows<{ digest: string }>(
    "UPDATE blob SET used_at = now() WHERE digest = ANY($1) RETURNING digest",
    [[...files.keys()]],
  );
  for (const { digest } of there) files.delete(digest);
  let sent = 0;
  for (const [digest, { path, bytes }] of files) {
    const data = readFileSync(join(root, path));
    if (sha256(data) !== digest)
      throw new UsageError(`${join(root, path)} has changed while it was sent: run it again`);
    await store.transaction((tx) => addBlob(tx, digest, data.byteLength, piecesOf(data)));
    sent += bytes;
  }
  return sent;
}

function* piecesOf(data: Buffer): Generator<Buffer> {
  for (let at = 0; at < data.byteLength; at += PART_BYTES) yield data.subarray(at, at + PART_BYTES);
}

/** Adds a bundle whose contents are there. */
export async function addBundle(tx: Tx, { digest, list, bytes, entries }: Bundle): Promise<void> {
  const [added] = await tx.rows<{ fresh: boolean }>(
    `INSERT INTO bundle (digest, list, bytes) VALUES ($1, $2, $3)
     ON CONFLICT (digest) DO UPDATE SET used_at = now() RETURNING xmax = 0 AS fresh`,
    [digest, list, bytes],
  );
  if (!added?.fresh) return;
  const blobs = [...new Set(entries.flatMap((entry) => (entry.kind === "file" ? [entry.digest] : [])))];
  await tx.rows("INSERT INTO bundle_blob (bundle, blob) SELECT $1, unnest($2::text[])", [digest, blobs]);
}

/** Contents that an agent has fetched stay with it up to so many bytes. */
const KEPT_BYTES = 1024 * 1024 * 1024;

/** Contents that an agent has fetched, each in a file that is called by its digest. */
export class Contents {
  readonly #folder: string;
  #bytes = 0;

  /** @param folder That is made. */
  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.#folder = folder;
  }

  /**
   * Writes a bundle into a folder.
   *
   * @param folder An empty one.
   * @throws {UsageError} For a bundle that is not as it must be: nothing is written outside of the folder.
   */
  async unpack(store: FleetStore, digest: string, folder: string): Promise<void> {
    const [bundle] = await store.rows<{ list: string }>("SELECT list FROM bundle WHERE digest = $1", [
      digest,
    ]);
    if (bundle === undefined) throw new UsageError(`the store has no bundle ${digest}: its run was removed`);
    const entries = checkedEntries(bundle.list, digest);
    for (const entry of entries) {
      if (entry.kind === "file") await this.#write(store, entry, join(folder, entry.path));
    }
    // Links come last: nothing is written through one.
    for (const entry of entries) {
      if (entry.kind !== "link") continue;
      mkdirSync(dirname(join(folder, entry.path)), { recursive: true });
      symlinkSync(entry.target, join(folder, entry.path));
    }
  }

  async #write(
    store: FleetStore,
    { path, digest, bytes, executable }: Extract<BundleEntry, { kind: "file" }>,
    place: string,
  ): Promise<void> {
    const data = this.#kept(digest) ?? (await this.#fetch(store, path, digest, bytes));
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, data);
    chmodSync(place, executable ? 0o755 : 0o644);
  }

  /** A test may have written to it: it has this agent's rights. */
  #kept(digest: string): Buffer | undefined {
    const place = join(this.#folder, digest);
    if (!existsSync(place)) return undefined;
    const data = readFileSync(place);
    return sha256(data) === digest ? data : undefined;
  }

  async #fetch(store: FleetStore, path: string, digest: string, bytes: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of partsOf(store, digest, bytes)) pieces.push(piece);
    const data = Buffer.concat(pieces);
    if (data.byteLength !== bytes || sha256(data) !== digest) {
      throw new UsageError(
        `the bundle's file ${JSON.stringify(path)} does not have the content that its digest says`,
      );
    }
    this.#keep(digest, data);
    return data;
  }

  #keep(digest: string, data: Buffer): void {
    if (this.#bytes + data.byteLength > KEPT_BYTES) {
      rmSync(this.#folder, { recursive: true });
      mkdirSync(this.#folder);
      this.#bytes = 0;
    }
    writeFileSync(join(this.#folder, digest), data);
    this.#bytes += data.byteLength;
  }
}
