/**
 * Contents of mapped files, kept once for all traces. A run maps 8 to 18 MB of program and libraries; copying
 * them each time would cost more than the recording of a small program.
 *
 * A file is copied into the store once per identity (device, inode, size, times) and then hard-linked into
 * every trace, which is self-contained so. The original itself is never linked: a change of it in place
 * would damage the trace.
 */
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../cache-folder.ts";
import { reasonOf } from "../errno-exception.ts";
import { copyData, isSparse } from "./copy-data.ts";
import type { FileIdentity } from "./file-list.ts";
import { TraceError } from "./trace-error.ts";

/** Mode of stored files: hard links share it, so nobody should write to one; replay may map or execute it. */
const STORED_MODE = 0o555;

/**
 * Milliseconds that a change must be past before the times of a file tell it from the next change: kernels
 * before 6.13 stamp files with the time of the last timer tick, which is up to 10 ms old.
 */
const SETTLED_AFTER = 20;

/** How often a file that changes while it is copied is tried again. */
const ATTEMPTS = 3;

/** How long an entry that is of no trace any more stays for the next one, in milliseconds. */
const UNUSED_MS = 7 * 24 * 3600 * 1000;

/** Where the store is by default: the user's cache folder. */
export function defaultStore(): string {
  return cacheFolder("files");
}

/**
 * The identity of the file at `path`.
 *
 * @throws {TraceError} If it cannot be read, or is no regular file.
 */
export function identify(path: string): FileIdentity {
  try {
    const stat = statSync(path, { bigint: true });
    if (!stat.isFile()) throw new Error("it is no regular file");
    return {
      device: stat.dev,
      inode: stat.ino,
      size: Number(stat.size),
      mtimeNs: stat.mtimeNs,
      ctimeNs: stat.ctimeNs,
    };
  } catch (error) {
    throw new TraceError({
      what: `Cannot keep the contents of a mapped file: ${reasonOf(error)}`,
      where: path,
      mend: "map a regular file, or record its contents as memory writes",
      cause: error,
    });
  }
}

/** A text that is equal for equal identities only, and can be a file name. */
export function identityKey({ device, inode, size, mtimeNs, ctimeNs }: FileIdentity): string {
  return [device, inode, size, mtimeNs, ctimeNs].map((value) => value.toString(16)).join("-");
}

/** Whether an identity stands for one state of the contents: not right after a change. */
export function isSettled({ ctimeNs }: FileIdentity): boolean {
  return Date.now() - Number(ctimeNs / 1_000_000n) > SETTLED_AFTER;
}

/**
 * Puts the contents of a file into a trace.
 *
 * @param source Path to read it from.
 * @param target Path in the trace; must not exist.
 * @param store Folder of the store; undefined to do without. Where it cannot be used (read-only home, other file
 * system), the file is copied straight to `target`.
 * @returns The identity of what was stored.
 * @throws {TraceError} If the file cannot be read or written, or keeps changing.
 */
export function storeFile(source: string, target: string, store: string | undefined): FileIdentity {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const identity = identify(source);
    if (store !== undefined && isSettled(identity) && linkFromStore(source, identity, target, store))
      return identity;
    if (copyUnchanged(source, identity, target)) return identity;
  }
  throw new TraceError({
    what: `A mapped file changed each of the ${ATTEMPTS} times that it was copied`,
    where: source,
    mend: "record while nothing else writes to it",
  });
}

/** Links the store's copy to `target`, after making it if need be. False if that is not possible here. */
function linkFromStore(source: string, identity: FileIdentity, target: string, store: string): boolean {
  const entry = join(store, identityKey(identity));
  try {
    const isNew = statSync(entry, { throwIfNoEntry: false })?.size !== identity.size;
    if (isNew) {
      mkdirSync(store, { recursive: true, mode: 0o700 });
      const temporary = join(store, `.new-${process.pid}-${Bun.randomUUIDv7()}`);
      if (!copyUnchanged(source, identity, entry, temporary)) return false;
    }
    linkSync(entry, target);
    if (isNew) sweep(store);
    return true;
  } catch {
    // Any reason will do (read-only, full, another file system, too many links): the copy that follows
    // either works without the store or reports what is wrong.
    return false;
  }
}

/**
 * Removes what no trace has used for long: the store does not grow beyond what is recorded in that time. A recorder
 * that is about to link such an entry finds it gone, and copies.
 */
function sweep(store: string): void {
  for (const name of readdirSync(store)) {
    const entry = join(store, name);
    const stat = statSync(entry, { throwIfNoEntry: false });
    // The time of the last change tells when its last trace went: that changed the count of links.
    if (stat?.nlink === 1 && Date.now() - stat.ctimeMs > UNUSED_MS) rmSync(entry, { force: true });
  }
}

function copyContents(source: string, target: string): void {
  const stat = statSync(source);
  if (!isSparse(stat)) {
    copyFileSync(source, target, constants.COPYFILE_FICLONE);
    return;
  }
  const fd = openSync(target, "wx");
  try {
    copyData(source, fd, stat.size);
  } finally {
    closeSync(fd);
  }
}

/**
 * Copies a file, which is whole or absent afterwards. False if the source has changed.
 *
 * @param temporary What it is called until it is whole, where others may look for `target`. In a trace nobody does: a file
 *   is part of one when the list of files names it, and a recorder that is killed leaves nothing else.
 */
function copyUnchanged(source: string, identity: FileIdentity, target: string, temporary = target): boolean {
  let isWhole = false;
  try {
    copyContents(source, temporary);
    chmodSync(temporary, STORED_MODE);
    if (identityKey(identify(source)) !== identityKey(identity) || statSync(temporary).size !== identity.size)
      return false;
    if (temporary !== target) renameSync(temporary, target);
    isWhole = true;
    return true;
  } catch (error) {
    if (error instanceof TraceError) throw error;
    throw new TraceError({
      what: `Cannot copy a mapped file from ${source}: ${reasonOf(error)}`,
      where: target,
      mend: "make room or grant access there",
      cause: error,
    });
  } finally {
    if (!isWhole) rmSync(temporary, { force: true });
  }
}
