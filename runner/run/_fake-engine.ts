/**
 * A stand-in for the engine in the runner's own tests: the same command line and reports, but it records no
 * more than a program's output. `FAKE_ENGINE` makes it go wrong in one way.
 */
import { mkdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { signalNumber } from "../text/mod.ts";

const [command, ...argv] = process.argv.slice(2);
const option = (name: string) => argv[argv.indexOf(name) + 1] ?? "";
const fault = process.env.FAKE_ENGINE ?? "";
const [phase, defect] = fault.split(":");
const wrong = (name: string) => phase === command && defect === name;

interface Kept {
  stdout: string;
  exit: { code: number } | { signal: number };
}

function finish({ stdout, exit }: Kept, outcome: string, message: string): never {
  writeSync(1, wrong("stdout") ? stdout.replace("output", "Output") : stdout);
  const counts = { ticks: wrong("ticks") ? 1001 : 1000, events: 20, signals: 2, switches: 1 };
  const report = { kind: command, directory: "", outcome, message, ...counts, exit, event: 20 };
  if (!wrong("no-report")) writeFileSync(option("--report"), JSON.stringify(report));
  if ("code" in exit) process.exit(exit.code);
  process.kill(process.pid, exit.signal);
  Bun.sleepSync(1000);
  process.exit(99);
}

if (wrong("hang")) Bun.spawnSync(["sleep", "60"]);
if (wrong("error")) {
  writeFileSync(
    option("--report"),
    JSON.stringify({ kind: "error", fault: "host", message: "ptrace is not permitted" }),
  );
  process.exit(2);
}
if (command === "record") {
  const program = argv.slice(argv.indexOf("--") + 1);
  const env = { ...process.env, FAKE_RECORDED: "1" };
  const { stdout, exitCode, signalCode } = Bun.spawnSync(program, { stdin: "inherit", env });
  const exit = signalCode ? { signal: signalNumber(String(signalCode)) ?? 0 } : { code: exitCode };
  const kept: Kept = { stdout: stdout.toString(), exit };
  mkdirSync(option("-o"), { recursive: true });
  writeFileSync(join(option("-o"), "kept"), JSON.stringify(kept));
  finish(kept, wrong("unsupported") ? "unsupported" : "recorded", wrong("unsupported") ? "no io_uring" : "");
} else {
  const kept: Kept = JSON.parse(readFileSync(join(argv.at(-1) ?? "", "kept"), "utf8"));
  const diverged = wrong("diverged");
  finish(kept, diverged ? "diverged" : "replayed", diverged ? "ticks mismatch at event 3 (write)" : "");
}
