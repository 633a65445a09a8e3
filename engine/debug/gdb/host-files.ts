/**
 * The files that gdb reads over the protocol (Host I/O): those of the recording, as they were, so that symbols are those
 * of what was recorded whatever lies there now. Source: "Debugging with GDB", Host I/O Packets, struct stat, Errno Values.
 */
import { closeSync, existsSync, readSync, realpathSync } from "node:fs";
import { basename } from "node:path";
import { PROT } from "../../../ffi/mod.ts";
import type { ReplayedTask } from "../../replay/replayed-task.ts";
import type { ReplaySession } from "../../replay/session.ts";
import { escaped, MOST_BYTES, textOfHex } from "./packet-channel.ts";

/** Errno values of the protocol. */
const ENOENT = 2;
const EBADF = 9;
const EINVAL = 22;
/** Most bytes of one read: an escaped answer fits in a packet. */
const MOST_READ = MOST_BYTES / 4;
/** Most files that are open at a time. */
const MOST_OPEN = 256;

/** An open file. */
interface Open {
  read(offset: number, length: number): Uint8Array;
  size: number;
  close(): void;
}

/** What it needs to know of the replay, which may be another one at any time. */
export interface FilesOf {
  readonly session: ReplaySession;
  readonly current: ReplayedTask | undefined;
}

/** Answers gdb's `vFile` requests from the files of a trace; it can open nothing else. */
export class HostFiles implements Disposable {
  readonly #open = new Map<number, Open>();

  constructor(private readonly replay: FilesOf) {}

  /** Answers a vFile packet: what follows "vFile:". */
  answer(request: string): string {
    const at = request.indexOf(":");
    const [operation, args] = [request.slice(0, at), request.slice(at + 1).split(",")];
    const numbers = args.map((text) => Number.parseInt(text, 16));
    const [first = 0, second = 0, third = 0] = numbers;
    switch (operation) {
      case "setfs":
        return "F0";
      case "open":
        return this.#openPath(textOfHex(args[0] ?? ""));
      case "pread":
        return this.#read(first, third, second);
      case "fstat":
        return this.#stat(first);
      case "close":
        return this.#close(first);
      case "readlink":
        return failure(EINVAL);
      default:
        return "";
    }
  }

  #openPath(path: string): string {
    const opened = this.#find(path);
    if (opened === undefined || this.#open.size >= MOST_OPEN) return failure(ENOENT);
    let fd = 3;
    while (this.#open.has(fd)) fd++;
    this.#open.set(fd, opened);
    return `F${fd.toString(16)}`;
  }

  #find(path: string): Open | undefined {
    if (/^\/proc\/\d+\/(maps|smaps)$/.test(path)) return ofText(this.#maps());
    const { reader } = this.replay.session;
    const index = this.#indexOf(path);
    if (index === undefined) return undefined;
    const file = reader.files[index];
    if (file === undefined) return undefined;
    const fd = reader.openFile(index);
    return {
      size: file.size,
      read: (offset, length) => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readSync(fd, bytes, 0, length, offset));
      },
      close: () => closeSync(fd),
    };
  }

  /**
   * Index of the file that a path means. What the process maps comes first; its paths have no links in them, which the
   * recording knows nothing of: those of this machine are tried, and then names.
   */
  #indexOf(path: string): number | undefined {
    const { files } = this.replay.session.reader;
    const mapped = (this.replay.current?.space.mappings.all ?? []).flatMap(({ file }) =>
      file >= 0 ? [file] : [],
    );
    const all = [...mapped, ...files.keys().toArray().reverse()];
    const real = realPath(path);
    const name = basename(path);
    const tries: ((known: string) => boolean)[] = [
      (known) => known === path,
      (known) => known === real,
      (known) => basename(known) === name,
      // libz.so.1 is libz.so.1.2.13.
      (known) => name.includes(".so.") && basename(known).startsWith(`${name}.`),
    ];
    for (const isMeant of tries) {
      const found = all.find((index) => isMeant(files[index]?.path ?? ""));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The mappings of the process in the format of /proc/PID/maps (proc(5)). */
  #maps(): string {
    const mappings = this.replay.current?.space.mappings.all ?? [];
    const hex = (value: number) => value.toString(16).padStart(8, "0");
    const lines = mappings.map(({ start, end, protection, shared, offset, name, file }) => {
      const may = (bit: number, letter: string) => ((protection & bit) !== 0 ? letter : "-");
      const rights = `${may(PROT.READ, "r")}${may(PROT.WRITE, "w")}${may(PROT.EXEC, "x")}${shared ? "s" : "p"}`;
      const [at, inode] = file >= 0 ? [offset, file + 1] : [0, 0];
      return `${hex(start)}-${hex(end)} ${rights} ${hex(at)} 00:01 ${inode} ${name}\n`;
    });
    return lines.join("");
  }

  #read(fd: number, offset: number, length: number): string {
    const file = this.#open.get(fd);
    if (file === undefined) return failure(EBADF);
    if (!(offset >= 0 && length >= 0)) return failure(EINVAL);
    const bytes = file.read(offset, Math.min(length, MOST_READ));
    return `F${bytes.length.toString(16)};${escaped(bytes)}`;
  }

  /** The protocol's struct stat: big-endian, 64 bytes. */
  #stat(fd: number): string {
    const file = this.#open.get(fd);
    if (file === undefined) return failure(EBADF);
    const view = new DataView(new ArrayBuffer(64));
    view.setUint32(8, 0o100644); // st_mode
    view.setUint32(12, 1); // st_nlink
    view.setBigUint64(28, BigInt(file.size)); // st_size
    view.setBigUint64(36, 4096n); // st_blksize
    return `F40;${escaped(new Uint8Array(view.buffer))}`;
  }

  #close(fd: number): string {
    const file = this.#open.get(fd);
    if (file === undefined) return failure(EBADF);
    this.#open.delete(fd);
    file.close();
    return "F0";
  }

  [Symbol.dispose](): void {
    for (const file of this.#open.values()) file.close();
    this.#open.clear();
  }
}

/** Where a path leads on this machine, if it is there. */
function realPath(path: string): string | undefined {
  return existsSync(path) ? realpathSync(path) : undefined;
}

function ofText(text: string): Open {
  const bytes = Buffer.from(text);
  return {
    size: bytes.length,
    read: (offset, length) => bytes.subarray(offset, offset + length),
    close: () => {},
  };
}

function failure(errno: number): string {
  return `F-1,${errno.toString(16)}`;
}
