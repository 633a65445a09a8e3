/**
 * Opens the files of a trace, which may come from anyone: a link could lead out of its folder, a FIFO would never answer,
 * a device never end. Nothing but a regular file inside of the folder is opened, and its length is known then.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { close, isErrno, O, open, openAt } from "../../ffi/mod.ts";

/** An open file. Whoever opened it closes it. */
export interface PlainFile {
  fd: number;
  /** Bytes of it. */
  size: number;
}

/** What is no plain file of a trace; the message is a clause for the user. */
export class NotPlainError extends Error {
  override readonly name = "NotPlainError";
}

/**
 * Opens a regular file in a folder without following links below that folder.
 *
 * @param dir The folder, which may be reached by links.
 * @param name Path in it, such as "files/000".
 * @throws SyscallError if it can't be opened, NotPlainError if it is a link or anything else but a regular file.
 */
export function openPlain(dir: string, name: string): PlainFile {
  const folders = name.split("/");
  const last = folders.pop() ?? "";
  let directory = open(dir, O.PATH | O.DIRECTORY);
  try {
    for (const folder of folders) {
      const next = refusingLinks(directory, folder, O.PATH | O.DIRECTORY);
      close(directory);
      directory = next;
    }
    // O_NONBLOCK: else a FIFO would wait here for somebody to write to it.
    const fd = refusingLinks(directory, last, O.RDONLY | O.NONBLOCK | O.NOCTTY);
    const stat = fstatSync(fd);
    if (stat.isFile()) return { fd, size: stat.size };
    closeSync(fd);
    throw new NotPlainError("it is no regular file");
  } finally {
    close(directory);
  }
}

function refusingLinks(directory: number, name: string, flags: number): number {
  try {
    return openAt(directory, name, flags | O.NOFOLLOW);
  } catch (error) {
    // ELOOP: open(2), O_NOFOLLOW. With O_DIRECTORY a link is ENOTDIR. A socket can't be opened: ENXIO.
    if (isErrno(error, "ELOOP"))
      throw new NotPlainError("it is a link, and links of a trace are not followed");
    if (isErrno(error, "ENOTDIR")) throw new NotPlainError(`${name} is no folder, or a link`);
    if (isErrno(error, "ENXIO")) throw new NotPlainError("it is no regular file");
    throw error;
  }
}

/**
 * Reads a small text file of a trace.
 *
 * @param limit Most bytes that it may have; nothing is read of a longer one.
 * @throws As openPlain; NotPlainError for a longer file.
 */
export function readPlain(dir: string, name: string, limit: number): string {
  const { fd, size } = openPlain(dir, name);
  try {
    if (size > limit) throw new NotPlainError(`${size} bytes are more than ${limit}`);
    const bytes = Buffer.alloc(size);
    let done = 0;
    while (done < size) {
      const got = readSync(fd, bytes, done, size - done, done);
      if (got === 0) break;
      done += got;
    }
    return bytes.toString("utf8", 0, done);
  } finally {
    closeSync(fd);
  }
}
