import { test } from "bun:test";
import { writeFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { META, registers, temporaryFolder } from "./_fixtures.ts";
import type { MappingRecord, TraceEvent } from "./events.ts";
import { textAt } from "./text-at.ts";
import { TraceWriter } from "./writer.ts";

const AROUND = { before: 2, after: 3 };

/** A trace in which process 100 maps a file, forks 200, and maps something else over it. */
function traceOf(folder: { path(name: string): string }): string {
  const [dir, program] = [folder.path("trace"), folder.path("program")];
  writeFileSync(
    program,
    Uint8Array.from({ length: 64 }, (_, index) => index),
  );
  const writer = TraceWriter.create(dir, META, { store: folder.path("store") });
  const file = writer.addFile({ path: program, name: "/bin/program" });
  const text = { protection: 5, shared: false, name: "/bin/program" };
  const mapping: MappingRecord = { ...text, start: 0x1000, end: 0x1020, file, offset: 16 };
  const base = (task: number) => ({ task, ticks: 0, registers: registers(0n), writes: [] });
  const events: TraceEvent[] = [
    { kind: "exec", ...base(100), path: "/bin/program", brk: 0, mappings: [mapping] },
    { kind: "clone", ...base(100), child: 200, childProcess: 200, flags: 0, after: registers(0n) },
    {
      ...{ kind: "syscall", ...base(100), number: 9, result: 0x1000n, stream: 0, outputHash: 0n },
      mapping: { ...mapping, file: -1, name: "" },
    },
  ];
  for (const event of events) writer.write(event);
  writer.close();
  return dir;
}

test("textAt() reads the mapped file around the address, and stops where the mapping does", () => {
  using folder = temporaryFolder();
  const dir = traceOf(folder);
  const at = (address: number) => textAt(dir, { event: 1, task: 100, address }, AROUND);
  const inside = at(0x1004);
  assertEquals([inside?.path, inside?.address, inside?.offset], ["/bin/program", 0x1002, 18]);
  assertEquals([...(inside?.bytes ?? [])], [18, 19, 20, 21, 22]);
  assertEquals([...(at(0x1000)?.bytes ?? [])], [16, 17, 18]);
  assertEquals([...(at(0x101f)?.bytes ?? [])], [45, 46, 47]);
  assertEquals(at(0x2000), undefined);
});

test("textAt() knows what a process has mapped by then: a fork keeps what its parent maps over", () => {
  using folder = temporaryFolder();
  const dir = traceOf(folder);
  const at = (task: number) => textAt(dir, { event: 2, task, address: 0x1000 }, AROUND);
  assertEquals([at(100), at(200)?.path], [undefined, "/bin/program"]);
});
