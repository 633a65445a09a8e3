import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { Outsiders, type SharedMemoryLog } from "./outsiders.ts";
import type { RecordedTask } from "./recorded-task.ts";

/** A recording of a program that maps one shared file after the other, on a host where a look takes some milliseconds. */
class MapsMany {
  time = 0;
  looks = 0;
  asked = 0;
  readonly notes: string[] = [];
  /** Files that a process outside can write to. */
  readonly foreign = new Set<string>();
  readonly outsiders: Outsiders;
  readonly #mappings: unknown[] = [];
  readonly #task: RecordedTask;

  constructor(lookTakes: number) {
    const space = { mappings: { all: this.#mappings }, memory: { read: () => new Uint8Array() } };
    this.#task = { space, process: { pid: 1 } } as unknown as RecordedTask;
    const log: SharedMemoryLog = {
      tasks: new Map([[1, this.#task]]),
      files: { inodeOf: (file) => `${file}`, changedOutside() {}, resizedOutside() {} },
      note: (_, text) => void this.notes.push(text),
      changedFromOutside() {},
    };
    this.outsiders = new Outsiders(
      log,
      () => this.time,
      (_, sought) => {
        this.looks++;
        this.asked += sought.length;
        this.time += lookTakes;
        const found = sought.filter(({ name }) => this.foreign.has(name));
        return new Map(found.map((share) => [share, [{ pid: 9, name: "server" }]]));
      },
    );
  }

  map(name: string): void {
    const start = this.#mappings.length * 4096;
    const file = this.#mappings.length;
    this.#mappings.push({ start, end: start + 4096, offset: 0, shared: true, file, name });
    this.outsiders.expect();
    this.after();
  }

  /** The end of a system call. */
  after(): void {
    this.time++;
    this.outsiders.after(this.#task);
  }
}

test("Outsiders look at once for the first shared memory", () => {
  const program = new MapsMany(50);
  program.foreign.add("/a");
  program.map("/a");
  assertEquals(program.looks, 1);
  assertEquals(program.notes.length, 1);
});

test("Outsiders take a tenth of the time of a program that maps one file after the other", () => {
  const program = new MapsMany(50);
  for (let file = 0; file < 1000; file++) program.map(`/${file}`);
  // 1,000 ms of its own: a look of 50 ms for each 450 of them.
  assertEquals(program.looks, 3);
});

test("Outsiders find what was mapped between two looks, a second later at the latest", () => {
  const program = new MapsMany(400);
  program.map("/a");
  program.foreign.add("/b");
  program.map("/b");
  assertEquals(program.notes, []);
  for (let call = 0; call < 1000; call++) program.after();
  assertEquals(program.notes.length, 1);
});
