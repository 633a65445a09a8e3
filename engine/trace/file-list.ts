/**
 * `files.jsonl`: the files that mappings of the trace come from, one JSON line each, appended before any
 * chunk that refers to it; and lines that say which of them change. A line without its newline is one that a killed recorder did not finish.
 */

import { reasonOf } from "../errno-exception.ts";
import { FILE_LIST_NAME, fileListPath, storedName } from "./layout.ts";
import { MAX_FILE_LIST_BYTES, MAX_FILES } from "./limits.ts";
import { readPlain } from "./plain-file.ts";
import { TraceError } from "./trace-error.ts";

/** What makes a file the same file with the same contents, without reading it. */
export interface FileIdentity {
  device: bigint;
  inode: bigint;
  size: number;
  mtimeNs: bigint;
  ctimeNs: bigint;
}

/** A mapped file of a trace. */
export interface TraceFile extends FileIdentity {
  /** Path as the program saw it. */
  path: string;
  /** Whether it changes in the course of the recording: replay needs a copy of its own. */
  changes: boolean;
}

/** The line of file number `index`, with its newline. */
export function formatFileLine(index: number, file: Omit<TraceFile, "changes">): string {
  const line = {
    index,
    path: file.path,
    size: file.size,
    device: String(file.device),
    inode: String(file.inode),
    mtimeNs: String(file.mtimeNs),
    ctimeNs: String(file.ctimeNs),
    stored: storedName(index),
  };
  return `${JSON.stringify(line)}\n`;
}

/** The line that says of file number `index`, which is listed, that it changes; with its newline. */
export function formatChangeLine(index: number): string {
  return `${JSON.stringify({ changes: index })}\n`;
}

/**
 * Reads the list of a trace.
 *
 * @throws {TraceError} If it is missing or damaged.
 */
export function readFileList(dir: string): TraceFile[] {
  const path = fileListPath(dir);
  const text = load(dir);
  // Before they are made texts of their own: a list of nothing but newlines would take a gigabyte.
  if (hasMore(text, "\n", MAX_FILES)) throw damaged(path, `there are more than ${MAX_FILES} lines`);
  const lines = text.split("\n");
  // What follows the last newline: nothing, or an unfinished line that no chunk refers to yet.
  lines.pop();
  const files: TraceFile[] = [];
  for (const [i, line] of lines.entries()) {
    const fields = parseLine(line);
    const changes = fields?.get("changes");
    const changing = typeof changes === "number" ? files[changes] : undefined;
    const file = fields && changes === undefined ? describedFile(fields, files.length) : undefined;
    if (changing) changing.changes = true;
    else if (file) files.push(file);
    else throw damaged(path, `line ${i + 1} does not describe file ${files.length}`);
  }
  return files;
}

/** Whether a text has more of a character than so many. */
function hasMore(text: string, wanted: string, most: number): boolean {
  let count = 0;
  for (let at = text.indexOf(wanted); at >= 0 && count <= most; at = text.indexOf(wanted, at + 1)) count++;
  return count > most;
}

function load(dir: string): string {
  try {
    return readPlain(dir, FILE_LIST_NAME, MAX_FILE_LIST_BYTES);
  } catch (error) {
    throw damaged(fileListPath(dir), reasonOf(error));
  }
}

function parseLine(line: string): Map<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
  } catch {
    // Not JSON: the caller says which line it is.
    return undefined;
  }
}

function describedFile(fields: ReadonlyMap<string, unknown>, index: number): TraceFile | undefined {
  const path = fields.get("path");
  const size = fields.get("size");
  const [device, inode, mtimeNs, ctimeNs] = ["device", "inode", "mtimeNs", "ctimeNs"].map((key) => {
    const text = fields.get(key);
    return typeof text === "string" && /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  });
  if (fields.get("index") !== index || fields.get("stored") !== storedName(index)) return undefined;
  if (typeof path !== "string" || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    return undefined;
  if (device === undefined || inode === undefined || mtimeNs === undefined || ctimeNs === undefined)
    return undefined;
  return { path, size, device, inode, mtimeNs, ctimeNs, changes: false };
}

function damaged(path: string, what: string): TraceError {
  return new TraceError({
    what: `The list of mapped files is damaged: ${what}`,
    where: path,
    mend: "record again",
  });
}
