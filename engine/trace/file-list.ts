/**
 * `files.jsonl`: the files that mappings of the trace come from, one JSON line each, appended before any
 * chunk that refers to it. A line without its newline is one that a killed recorder did not finish.
 */
import { FILE_LIST_NAME, fileListPath, storedName } from "./layout.ts";
import { MAX_FILE_LIST_BYTES, MAX_FILES } from "./limits.ts";
import { readPlain } from "./plain-file.ts";
import { reasonOf, TraceError } from "./trace-error.ts";

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
}

/** The line of file number `index`, with its newline. */
export function formatFileLine(index: number, file: TraceFile): string {
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
  return lines.map((line, index) => {
    const file = parseLine(line, index);
    if (file === undefined) throw damaged(path, `line ${index + 1} does not describe file ${index}`);
    return file;
  });
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

function parseLine(line: string, index: number): TraceFile | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Not JSON: the caller says which line it is.
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map(Object.entries(value));
  const path: unknown = fields.get("path");
  const size: unknown = fields.get("size");
  const [device, inode, mtimeNs, ctimeNs] = ["device", "inode", "mtimeNs", "ctimeNs"].map((key) => {
    const text: unknown = fields.get(key);
    return typeof text === "string" && /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  });
  if (fields.get("index") !== index || fields.get("stored") !== storedName(index)) return undefined;
  if (typeof path !== "string" || typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    return undefined;
  if (device === undefined || inode === undefined || mtimeNs === undefined || ctimeNs === undefined)
    return undefined;
  return { path, size, device, inode, mtimeNs, ctimeNs };
}

function damaged(path: string, what: string): TraceError {
  return new TraceError({
    what: `The list of mapped files is damaged: ${what}`,
    where: path,
    mend: "record again",
  });
}
