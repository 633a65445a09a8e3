/**
 * A stand-in for rr in tests: it speaks rr's command line, and writes what rr writes where rr writes it. It records
 * no more than a program's output. `FAKE_RR` makes it go wrong in one way, or be the fork that counts in software.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";

const [command, ...argv] = process.argv.slice(2);
const mode = process.env.FAKE_RR ?? "";

const REFUSAL =
  "[FATAL ./src/PerfCounters.cc:306:start_counter()] Unable to open performance counter with " +
  "'perf_event_open'; are hardware perf events available? See https://github.com/rr-debugger/rr/wiki/x\n";

/** An assertion of rr's, as it stands in its log. */
const dump = (condition: string, message: string) =>
  [
    `[FATAL ./src/ReplaySession.cc:689:check_ticks_consistency()] `,
    ` (task 3156 (rec:3155) at time 345)`,
    ` -> Assertion \`${condition}' failed to hold. ${message}`,
    "Tail of trace dump:",
    "{",
    "  real_time:5.5 global_time:344, event:`SYSCALL: write' (state:EXITING_SYSCALL) tid:3155, ticks:4180530",
    "}",
    "=== Start rr backtrace:",
    "/usr/bin/rr(+0x1234)[0x5555]",
    "=== End rr backtrace",
    "[FATAL ./src/log.cc:421:emergency_debug()] ",
    " (session doesn't look interactive, aborting emergency debugging)",
    "",
  ].join("\n");

const EVENTS = [
  "{\n  real_time:1.5 global_time:1, event:`SYSCALL: execve' (state:EXITING_SYSCALL) tid:7, ticks:10\n}",
  "{\n  real_time:2.5 global_time:2, event:`SIGNAL: SIGALRM(async)' tid:7, ticks:900\n  rax:0x1\n}",
  "{\n  real_time:2.6 global_time:3, event:`SIGNAL_HANDLER: SIGALRM(async)' tid:7, ticks:900\n}",
  "{\n  real_time:2.7 global_time:4, event:`SCHED' tid:7, ticks:950\n}",
  "{\n  real_time:2.8 global_time:5, event:`SYSCALL: exit' (state:ENTERING_SYSCALL) tid:8, ticks:34\n}",
  "{\n  real_time:3.5 global_time:6, event:`EXIT' tid:7, ticks:1000\n}",
  "",
].join("\n");

function die(log: string): never {
  writeFileSync(process.env.RR_LOG_FILE ?? "/dev/stderr", log);
  process.kill(process.pid, "SIGABRT");
  Bun.sleepSync(1000);
  process.exit(99);
}

function record(): never {
  const software = argv[0] === "-W";
  if (software && mode !== "software") {
    writeSync(2, "Invalid option -W\n rr record [OPTION]... <exe> [exe-args]...\n");
    process.exit(1);
  }
  const rest = software ? argv.slice(1) : argv;
  const [option, trace = "", ...program] = rest;
  if (option !== "-o") {
    writeSync(2, `Invalid option ${option}\n rr record [OPTION]... <exe> [exe-args]...\n`);
    if (mode === "software") writeSync(2, "  -W, --software-counters    count ticks in software\n");
    process.exit(1);
  }
  mkdirSync(trace);
  writeFileSync(join(trace, "incomplete"), "");
  if (mode === "refuse" || (mode === "software" && !software)) {
    writeSync(2, REFUSAL);
    process.exit(1);
  }
  if (mode === "record:assertion") die(dump("t->ip() == 3", "Unexpected address"));
  if (mode === "record:killed") process.kill(process.pid, "SIGKILL");
  const { stdout, exitCode } = Bun.spawnSync(program, { stdin: "inherit" });
  writeFileSync(join(trace, "kept"), JSON.stringify({ stdout: stdout.toString() }));
  rmSync(join(trace, "incomplete"));
  writeSync(2, "rr: Warning: this host is only for tests\n");
  writeSync(1, stdout.toString());
  process.exit(exitCode);
}

function replay(): never {
  const [autopilot, trace = ""] = argv;
  if (autopilot !== "-a" || !existsSync(join(trace, "kept"))) {
    writeSync(2, `\nrr: Trace file \`${trace}/version' not found. There is no trace there.\n\n`);
    process.exit(65);
  }
  const { stdout } = JSON.parse(readFileSync(join(trace, "kept"), "utf8"));
  if (mode === "replay:ticks") {
    const message = "ticks mismatch for 'SYSCALL: write'; expected 4180530, got 4240512";
    die(dump("ticks_now == trace_ticks", message));
  }
  if (mode === "replay:refuse") die(REFUSAL);
  writeSync(1, mode === "replay:stdout" ? stdout.replace("output", "Output") : stdout);
  process.exit(0);
}

switch (command) {
  case "--version":
    writeSync(1, "rr version 5.6.0\n");
    break;
  case "record":
    record();
    break;
  case "replay":
    replay();
    break;
  case "dump":
    if (mode === "no-dump") process.exit(1);
    writeSync(1, EVENTS);
    break;
  default:
    writeSync(2, `rr: unknown command ${command}\n`);
    process.exit(1);
}
