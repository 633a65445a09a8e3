/**
 * Traces of failures on their way to those who look into them: an agent packs and sends one, `tickproof fetch` brings it. No host
 * needs a way to another one.
 */

import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../errors/mod.ts";
import { pack } from "../packed/mod.ts";
import type { Attempt } from "../results/mod.ts";
import { addBlob, PART_BYTES, partsOf } from "./blobs.ts";
import { reasonOf, type Tx } from "./connection.ts";
import type { JobResult } from "./protocol.ts";
import type { FleetStore } from "./store.ts";

/** Larger ones stay where they are: a database is no place for them. */
const MOST_BYTES = 256 * 1024 * 1024;

/** A packed trace whose content is in the store. */
export interface SentTrace {
  /** Which attempt of the job it is of, from 0. */
  retry: number;
  digest: string;
  bytes: number;
}

/**
 * Sends the traces that a job has kept. One that can't be sent is said to be so, and is no reason to do the job again.
 *
 * @param folder For packed files.
 */
export async function withTraces(
  store: FleetStore,
  result: JobResult,
  folder: string,
): Promise<{ result: JobResult; traces: SentTrace[] }> {
  const traces: SentTrace[] = [];
  const attempts: Attempt[] = [];
  for (const [retry, attempt] of result.attempts.entries()) {
    const { trace: directory } = attempt;
    if (directory === undefined) {
      attempts.push(attempt);
      continue;
    }
    let note: string;
    try {
      traces.push(await sendTrace(store, { directory, retry }, folder));
      note = "its trace can be had by 'tickproof fetch'";
    } catch (error) {
      note = `its trace could not be sent: ${reasonOf(error)}`;
    }
    attempts.push({ ...attempt, notes: [...(attempt.notes ?? []), note] });
  }
  return { result: { ...result, attempts }, traces };
}

/**
 * Packs a trace and sends its content.
 *
 * @param folder For the packed file, which is removed again.
 * @throws {UsageError} If it can't be packed (those of other engines), or is too large.
 */
async function sendTrace(
  store: FleetStore,
  { directory, retry }: { directory: string; retry: number },
  folder: string,
): Promise<SentTrace> {
  const file = join(folder, `${crypto.randomUUID()}.trace.tgz`);
  try {
    const { packedBytes: bytes } = pack(directory, file);
    if (bytes > MOST_BYTES)
      throw new UsageError(`it has ${bytes} bytes packed, ${MOST_BYTES} are sent at most`);
    const digest = digestOf(file);
    await store.transaction((tx) => addBlob(tx, digest, bytes, piecesOf(file)));
    return { retry, digest, bytes };
  } finally {
    rmSync(file, { force: true });
  }
}

/** Says of which job traces are, in the transaction that ends it. */
export async function addTraces(tx: Tx, job: string, traces: readonly SentTrace[]): Promise<void> {
  for (const { retry, digest } of traces) {
    await tx.rows("INSERT INTO trace (job, retry, blob) VALUES ($1, $2, $3)", [job, retry, digest]);
  }
}

/** A trace that can be fetched. */
export interface FoundTrace {
  digest: string;
  bytes: number;
  test: string;
  number: number;
  agent: string;
}

/**
 * Finds the newest trace of a test.
 *
 * @param name "suite/test", or "suite/test#N" of attempt N.
 * @param agent The only one whose traces count.
 */
export async function findTraceOf(
  store: FleetStore,
  name: string,
  agent: string | undefined,
): Promise<FoundTrace | undefined> {
  const [, test = name, number] = /^(.*?)(?:#(\d{1,9}))?$/s.exec(name) ?? [];
  const [found] = await store.rows<FoundTrace & { bytes: string }>(
    `SELECT trace.blob AS digest, blob.bytes, job.test, job.number, job.agent
     FROM job JOIN trace ON trace.job = job.id JOIN blob ON blob.digest = trace.blob
     WHERE job.test = $1 AND ($2::int IS NULL OR job.number = $2) AND ($3::text IS NULL OR job.agent = $3)
     ORDER BY job.ended_at DESC, trace.retry DESC LIMIT 1`,
    [test, number ?? null, agent ?? null],
  );
  return found === undefined ? undefined : { ...found, bytes: Number(found.bytes) };
}

/**
 * Writes a trace to a file, which is whole or not there.
 *
 * @throws {UsageError} If its content is not what its digest says.
 */
export async function fetchTrace(
  store: FleetStore,
  { digest, bytes }: FoundTrace,
  file: string,
): Promise<void> {
  if (bytes > MOST_BYTES)
    throw new UsageError(`the trace has ${bytes} bytes, ${MOST_BYTES} are taken at most`);
  const temporary = `${file}.${process.pid}.new`;
  const hash = createHash("sha256");
  const opened = openSync(temporary, "w", 0o600);
  try {
    let size = 0;
    for await (const data of partsOf(store, digest, bytes)) {
      size += data.byteLength;
      hash.update(data);
      writeSync(opened, data);
    }
    if (size !== bytes || hash.digest("hex") !== digest) {
      throw new UsageError(
        `the trace in ${store.name} does not have the content that its digest says: it was damaged there`,
      );
    }
    renameSync(temporary, file);
  } finally {
    closeSync(opened);
    rmSync(temporary, { force: true });
  }
}

function digestOf(file: string): string {
  const hash = createHash("sha256");
  for (const piece of piecesOf(file)) hash.update(piece);
  return hash.digest("hex");
}

function* piecesOf(file: string): Generator<Buffer> {
  const opened = openSync(file, "r");
  try {
    for (let left = statSync(file).size; left > 0; ) {
      const piece = Buffer.alloc(Math.min(left, PART_BYTES));
      const read = readSync(opened, piece);
      if (read === 0) return;
      left -= read;
      yield piece.subarray(0, read);
    }
  } finally {
    closeSync(opened);
  }
}
