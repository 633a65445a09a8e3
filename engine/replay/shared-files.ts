/**
 * Memory that replayed processes share with each other, as files in memory that the tracer has too: copies of files that
 * change while they are mapped, segments of System V, and shared memory without a name. What they hold can be saved, and
 * put back into the very same files: who maps them sees it as it was.
 */
import { fstatSync } from "node:fs";
import { close, ftruncate, memfdCreate, O, open, punchHole, pwrite } from "../../ffi/mod.ts";
import type { FileEvent } from "../trace/events.ts";
import { copyData, type TraceReader } from "../trace/mod.ts";

/** A file that stands for one of the recording, and that changes as that did. */
interface Copy {
  fd: number;
  size: number;
}

/** Copies that are kept although nobody maps them any more. */
const SPARE_COPIES = 64;

/** What a saved file stands for. */
type Role = { kind: "copy"; file: number } | { kind: "segment"; name: string } | { kind: "nameless" };

/** A file, and what it held. */
interface SavedFile {
  readonly role: Role;
  /** The very file that is mapped. */
  readonly fd: number;
  readonly inode: string;
  /** Another file, with what was in it. */
  readonly content: number;
  readonly size: number;
}

/** What all shared memory of a replay held at one time. */
export class SavedFiles implements Disposable {
  constructor(readonly files: readonly SavedFile[]) {}

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.files.reduce((sum, { content }) => sum + fstatSync(content).blocks * 512, 0);
  }

  [Symbol.dispose](): void {
    for (const { fd, content } of this.files) {
      close(fd);
      close(content);
    }
  }
}

/** The files behind what processes of a replay share. */
export class SharedFiles implements Disposable {
  /** Copies of files that change while they are mapped: what one process writes there the others have to see. */
  readonly #copies = new Map<number, Copy>();
  /** What stands for segments of System V shared memory, by their names in the trace. */
  readonly segments = new Map<string, number>();
  /** Shared memory without a name. */
  #nameless: number[] = [];
  /** Whether shared memory without a name is a file, too: it can be saved then. */
  keepsNameless = false;
  /** A file becomes shorter: private memory of it is lost behind its end, in all processes that map it. */
  onCut: (inode: string, size: number) => void = () => {};

  /** @param maps Whether some process maps a file of the trace. */
  constructor(
    private readonly reader: TraceReader,
    private readonly maps: (file: number) => boolean,
  ) {}

  /** Descriptor of the copy of a file of the trace. */
  copy(file: number): number {
    return this.#copy(file).fd;
  }

  #copy(file: number): Copy {
    let copy = this.#copies.get(file);
    if (!copy) {
      this.#dropSpareCopies();
      const source = this.reader.openFile(file);
      try {
        const { size } = this.reader.files[file]!;
        copy = { fd: memfdCreate("tickproof-shared"), size };
        this.#copies.set(file, copy);
        copyData(`/proc/self/fd/${source}`, copy.fd, size);
      } finally {
        close(source);
      }
    }
    return copy;
  }

  /** A file that nobody maps is another one for the trace when it is mapped the next time. */
  #dropSpareCopies(): void {
    if (this.#copies.size < SPARE_COPIES) return;
    for (const [file, { fd }] of this.#copies) {
      if (this.maps(file)) continue;
      close(fd);
      this.#copies.delete(file);
    }
  }

  /** A file changes as it did in the recording. */
  change({ file, size, writes }: FileEvent): void {
    const copy = this.#copy(file);
    if (size < copy.size) this.onCut(inodeOf(copy.fd), size);
    ftruncate(copy.fd, size);
    copy.size = size;
    for (const { address, bytes } of writes) pwrite(copy.fd, bytes, address);
  }

  /** In traces of versions 1 and 2 a file is as long as what was seen of it: they have no events of its length. */
  extend(file: number, size: number): void {
    const copy = this.#copies.get(file);
    if (copy === undefined || copy.size >= size) return;
    ftruncate(copy.fd, size);
    copy.size = size;
  }

  /** What stands for a segment of System V shared memory: the same for all that attach it. */
  segment(name: string, size: number): number {
    let fd = this.segments.get(name);
    if (fd === undefined) {
      fd = memfdCreate("tickproof-segment");
      this.segments.set(name, fd);
      ftruncate(fd, size);
    }
    return fd;
  }

  /** What stands for fresh shared memory without a name. */
  nameless(size: number): number {
    const fd = memfdCreate("tickproof-nameless");
    this.#nameless.push(fd);
    ftruncate(fd, size);
    return fd;
  }

  /** Whether there is any shared memory without a name. */
  get hasNameless(): boolean {
    return this.#nameless.length > 0;
  }

  /** Forgets shared memory without a name that nobody maps. @param mapped Inodes of all that is mapped. */
  sweep(mapped: ReadonlySet<string>): void {
    this.#nameless = this.#nameless.filter((fd) => {
      if (mapped.has(inodeOf(fd))) return true;
      close(fd);
      return false;
    });
  }

  /** Saves what all of it holds. */
  save(): SavedFiles {
    const all: [Role, number, number][] = [
      ...[...this.#copies].map(([file, { fd, size }]): [Role, number, number] => [
        { kind: "copy", file },
        fd,
        size,
      ]),
      ...[...this.segments].map(([name, fd]): [Role, number, number] => [
        { kind: "segment", name },
        fd,
        fstatSync(fd).size,
      ]),
      ...this.#nameless.map((fd): [Role, number, number] => [{ kind: "nameless" }, fd, fstatSync(fd).size]),
    ];
    return new SavedFiles(
      all.map(([role, fd, size]) => {
        const content = memfdCreate("tickproof-saved");
        copyData(pathOf(fd), content, size);
        return { role, fd: again(fd), inode: inodeOf(fd), content, size };
      }),
    );
  }

  /** Puts back what was saved: the files are those of that time, with what they held. */
  load({ files }: SavedFiles): void {
    this.#closeAll();
    for (const { role, fd: saved, inode, content, size } of files) {
      const fd = again(saved);
      if (role.kind === "copy") this.#copies.set(role.file, { fd, size });
      else if (role.kind === "segment") this.segments.set(role.name, fd);
      else this.#nameless.push(fd);
      if (fstatSync(fd).size > size) this.onCut(inode, size);
      // That leaves private copies of its pages alone (shmem_fallocate in mm/shmem.c of Linux 6.18).
      if (size > 0) punchHole(fd, size);
      copyData(pathOf(content), fd, size);
    }
  }

  #closeAll(): void {
    for (const { fd } of this.#copies.values()) close(fd);
    for (const fd of [...this.segments.values(), ...this.#nameless]) close(fd);
    this.#copies.clear();
    this.segments.clear();
    this.#nameless = [];
  }

  [Symbol.dispose](): void {
    this.#closeAll();
  }
}

const pathOf = (fd: number): string => `/proc/self/fd/${fd}`;

/** One more descriptor of a file. */
function again(fd: number): number {
  return open(pathOf(fd), O.RDWR);
}

/** As `/proc/PID/maps` shows it. */
function inodeOf(fd: number): string {
  return String(fstatSync(fd, { bigint: true }).ino);
}
