/**
 * `bun run bench:primitives`: what the engine is made of, each beside the cheapest system call: reading a tracee's
 * memory, and the round trip of a stop. The number of stops is what recording costs most by.
 */
import { Bench } from "tinybench";
import { openMemory, PTRACE, REG, rawSyscall, SYSCALLS, spawnTraced, TraceeControl } from "../ffi/mod.ts";
import { print } from "../runner/output/mod.ts";
import { styleFor } from "../runner/reporters/style.ts";
import { layOut } from "../runner/reporters/table.ts";

const pid = spawnTraced({ path: "/bin/true", argv: ["true"], env: [] });
const control = new TraceeControl();
if (control.wait(pid, 0) !== pid) throw new Error("the traced child did not stop");
using memory = openMemory(pid);
const stack = Number(control.regs.u64[REG.rsp]);

const bench = new Bench({ time: 200 })
  .add("getppid, raw stub", () => {
    rawSyscall(SYSCALLS.getppid);
  })
  .add("8 bytes of a tracee", () => {
    memory.read(stack, 8);
  })
  .add("4 KiB of a tracee", () => {
    memory.read(stack - 4096, 4096);
  })
  .add("single-step, wait, registers", () => {
    control.resumeAndWait(PTRACE.SINGLESTEP, pid, 0, pid, 0);
  });
await bench.run();
control.resume(PTRACE.CONT, pid, 9);

const medians = bench.tasks.map(({ name, result }) => {
  if (result.state !== "completed") throw new Error(`${name} was not measured: ${result.state}`);
  return { name, nanoseconds: result.latency.p50 * 1e6, tail: result.latency.p99 * 1e6 };
});
const cheapest = medians[0]?.nanoseconds ?? Number.NaN;
const columns = [
  { title: "primitive", align: "left" as const },
  ...["median", "p99", "ratio"].map((title) => ({ title, align: "right" as const })),
];
const rows = medians.map(({ name, nanoseconds, tail }) => [
  { text: name },
  { text: `${nanoseconds.toFixed(0)} ns` },
  { text: `${tail.toFixed(0)} ns` },
  { text: `${(nanoseconds / cheapest).toFixed(1)}×` },
]);
print(`${layOut(columns, rows, styleFor(false).dim).join("\n")}\n`);
