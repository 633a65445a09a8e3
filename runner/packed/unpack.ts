/**
 * A packed trace is read from a folder of the user's cache, which it is unpacked into once. A packed trace comes from
 * anyone: nothing of it gets out of that folder, and it can't fill a disk by what it claims to hold.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { extract, type ReadEntry } from "tar";
import { cacheFolder } from "../../engine/cache-folder.ts";
import { isErrnoException, reasonOf } from "../../engine/errno-exception.ts";
import { UsageError } from "../errors/mod.ts";
import { FILES_FOLDER, isMember } from "./members.ts";

/** What gzip can't exceed is 1032 to 1; a trace is far below, as most of it is compressed already. */
const MOST_RATIO = 200;
const FREE_BYTES = 64 << 20;
const MOST_FILES = 100_000;
/** What fits into one buffer; larger ones are unpacked by hand (`tar xf`), and read as folders. */
const MOST_BYTES = 2 ** 32 - 1;
/** What nobody has read for so long goes. */
const KEPT_MS = 14 * 24 * 3600 * 1000;
const PIECE = 1 << 20;

/**
 * The folder of a packed trace, unpacked if it is not there yet.
 *
 * @throws {UsageError} If the file is no packed trace, or holds what no trace has.
 */
export function unpacked(file: string): string {
  const root = cacheFolder("unpacked");
  const directory = join(root, digestOf(file));
  if (!existsSync(directory)) {
    sweep(root);
    unpackInto(file, directory);
  }
  const now = new Date();
  utimesSync(directory, now, now);
  return directory;
}

function digestOf(file: string): string {
  const hasher = new Bun.CryptoHasher("sha256");
  const buffer = new Uint8Array(PIECE);
  const fd = openSync(file, "r");
  try {
    for (;;) {
      const read = readSync(fd, buffer, 0, PIECE, null);
      if (read === 0) return hasher.digest("hex").slice(0, 32);
      hasher.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(fd);
  }
}

function unpackInto(file: string, directory: string): void {
  const temporary = `${directory}.${process.pid}.new`;
  const most = FREE_BYTES + MOST_RATIO * statSync(file).size;
  let [bytes, files] = [0, 0];
  const refuse = (why: string): never => {
    throw new UsageError(`${file} is no packed trace: ${why}; make one by 'tickproof pack'`);
  };
  /** Throws for what no trace has; folders are made as files need them. */
  const accept = (path: string, entry: ReadEntry): boolean => {
    const name = path.replace(/^\.\//, "");
    if (entry.type === "Directory" && (name === "" || name.replace(/\/$/, "") === FILES_FOLDER)) return false;
    if (entry.type !== "File" || !isMember(name)) refuse(`it holds ${entry.type} '${name}'`);
    bytes += entry.size;
    files++;
    if (bytes > most || files > MOST_FILES)
      refuse(`it holds more than ${most} bytes, or ${MOST_FILES} files`);
    return true;
  };
  try {
    // Its checksum is compared before anything of it is used.
    const archive = gunzipSync(readFileSync(file), { maxOutputLength: Math.min(most, MOST_BYTES) });
    mkdirSync(join(temporary, FILES_FOLDER), { recursive: true, mode: 0o700 });
    const extraction = extract({
      cwd: temporary,
      sync: true,
      strict: true,
      preserveOwner: false,
      noMtime: true,
      filter: (path, entry) => accept(path, entry as ReadEntry),
    });
    extraction.end(archive);
    if (!existsSync(join(temporary, "meta.json"))) refuse("it has no meta.json");
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    // Another process was faster with the same file.
    if (existsSync(directory)) return;
    if (error instanceof UsageError) throw error;
    if (isErrnoException(error, "ERR_BUFFER_TOO_LARGE"))
      refuse(`it holds more than ${Math.min(most, MOST_BYTES)} bytes`);
    refuse(reasonOf(error));
  }
}

/** Removes what was not read for long, and what an unpacking that was killed has left. */
function sweep(root: string): void {
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    const path = join(root, name);
    const [, maker] = /\.(\d+)\.new$/.exec(name) ?? [];
    const isOld = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > KEPT_MS;
    if (maker === undefined ? isOld : !isAlive(Number(maker))) rmSync(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isErrnoException(error, "EPERM");
  }
}
