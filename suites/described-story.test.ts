/**
 * The story of the upstream report told by commands: what the guest can see (its own kernel's log and settings), what only
 * the machine below logs, and how a guard against transactions ends a recording.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compile } from "../runner/programs/compile.ts";
import { findCompiler } from "../runner/programs/compiler.ts";
import { proveSame, run, Scratch, TEST_TIMEOUT, TICKPROOF } from "./_tickproof.ts";

const CACHE = mkdtempSync(join(tmpdir(), "tickproof-story-"));
afterAll(() => rmSync(CACHE, { recursive: true }));

const PROGRAMS = ["in_txcp", "kernel_log", "spurious_elision", "rr_strategy", "spec_lock_map"] as const;
const paths = new Map<string, string>();

beforeAll(async () => {
  for (const name of PROGRAMS) {
    const compiled = await compile(resolve(import.meta.dir, "host", `${name}.c`), findCompiler(), {
      root: CACHE,
    });
    assert(compiled.ok, compiled.ok ? "" : compiled.message);
    paths.set(name, compiled.path);
  }
});

/** What a program says on a host, recorded and replayed alike. */
function said(host: string, program: (typeof PROGRAMS)[number], ...args: string[]): string {
  const { record } = proveSame([paths.get(program) ?? "", ...args], { record: ["--host", host] });
  return record.stdout.toString();
}

test(
  "a guest reads its own kernel's log, which has what interrupts cost and nothing of the machine below",
  () => {
    const text = said("haswell-kvm-4.7", "kernel_log");
    assertStringIncludes(text, "Linux version 4.4.0-59-generic\n");
    assertStringIncludes(text, "too long: said, NMI: said, rate: lowered");
  },
  TEST_TIMEOUT,
);

test(
  "perf_cpu_time_max_percent counts from when it is written",
  () =>
    assertStringIncludes(
      said("haswell-kvm-4.7", "kernel_log", "off"),
      "too long: not said, NMI: said, rate: kept",
    ),
  TEST_TIMEOUT,
);

test(
  "info and dump show the log of the machine below beside it, with how often it refused",
  () => {
    using scratch = new Scratch();
    const trace = scratch.file("trace");
    run([
      ...TICKPROOF,
      "record",
      "--quiet",
      "--host",
      "haswell-kvm-4.7",
      "-o",
      trace,
      "--",
      paths.get("in_txcp") ?? "",
    ]);
    const REFUSED =
      /kvm_pmu: event creation failed -95 config=2000001c4 sample_period=21474\d{5} \(2 times\)/;
    assertMatch(run([...TICKPROOF, "info", trace]).stdout.toString(), REFUSED);
    assertMatch(run([...TICKPROOF, "dump", trace]).stdout.toString(), REFUSED);
    const { hostLog } = JSON.parse(run([...TICKPROOF, "info", "--json", trace]).stdout.toString());
    assertEquals([hostLog[0].of, hostLog[0].count], ["host", 2]);
    const lines = run([...TICKPROOF, "dump", "--json", trace])
      .stdout.toString()
      .trimEnd()
      .split("\n");
    assertEquals(
      lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "host-log").length,
      hostLog.length,
    );
    // A log that somebody has tampered with is one clear error.
    writeFileSync(join(trace, "hostlog.json"), '[{"of":"host","event":-1}]');
    const damaged = run([...TICKPROOF, "info", trace]);
    assertEquals(damaged.exit, { code: 2 });
    assertMatch(damaged.stderr, /^tickproof: .*entry 0 is no line of a log \(.*hostlog\.json\)/);
  },
  TEST_TIMEOUT,
);

test(
  "suites tell what the machine below has refused while a test ran",
  () => {
    using scratch = new Scratch();
    const manifest = scratch.file("story.yaml");
    writeFileSync(
      manifest,
      `suite: story\ntests:\n  - name: txcp\n    command: ${paths.get("in_txcp")}\n    host: haswell-kvm-4.7\n    expect: { exit: 1 }\n`,
    );
    const { stdout } = run([...TICKPROOF, "suites", manifest]);
    assertMatch(
      stdout.toString(),
      /kernel log while story\/txcp ran: host below it: .*failed -95 config=2000001c4/,
    );
  },
  TEST_TIMEOUT,
);

test(
  "dmesg, /proc/cmdline and DMI are the profile's, and what it has not does not shine through",
  () => {
    const script =
      "dmesg; cat /proc/cmdline /sys/class/dmi/id/sys_vendor; ls /sys/hypervisor 2>&1; " +
      "echo x > /proc/cmdline; echo 1 > /proc/sys/kernel/perf_event_paranoid; cat /proc/sys/kernel/perf_event_paranoid";
    const { record } = proveSame(["sh", "-c", script], { record: ["--host", "haswell-vmware"] });
    const text = record.stdout.toString();
    assertStringIncludes(text, "Hypervisor detected: VMware\n");
    assertStringIncludes(text, "\nBOOT_IMAGE=/boot/vmlinuz-5.10.0-28-amd64 ");
    assertStringIncludes(text, "\nVMware, Inc.\n");
    assertMatch(text, /'\/sys\/hypervisor': No such file or directory\n/);
    assertStringIncludes(record.stderr, "/proc/cmdline: Permission denied");
    // As root a setting is written, else refused.
    assertMatch(text, process.geteuid?.() === 0 ? /\n1\n$/ : /\n2\n$/);
  },
  TEST_TIMEOUT,
);

test(
  "HLE events rise with SIGSTKFLT where the profile has that flaw, and nowhere else",
  () => {
    assertStringIncludes(
      said("haswell-kvm-spurious-hle", "spurious_elision"),
      "SIGUSR1: none, SIGSTKFLT: events",
    );
    assertStringIncludes(said("haswell-kvm-4.7", "spurious_elision"), "SIGUSR1: none, SIGSTKFLT: none");
  },
  TEST_TIMEOUT,
);

test(
  "SpecLockMap is seen by a program that reads its event: each locked instruction counts",
  () => {
    assertStringIncludes(said("zen3-spec-lock-map", "spec_lock_map"), "one lock: 1, 100 locks: 100");
    assertStringIncludes(said("zen3", "spec_lock_map"), "one lock: 0, 100 locks: 0");
  },
  TEST_TIMEOUT,
);

test(
  "the IN_TX guard warns of an elided program and stops; --force goes on, and diverges",
  () => {
    const stopped = said("haswell-kvm-4.7", "rr_strategy", "guard", "elided");
    assertMatch(stopped, /^warning: \d+ branches in transactions/m);
    assertMatch(stopped, /^EXIT-STOPPED: \d+ branches in transactions \(--force goes on all the same\)\n$/m);
    const forced = said("haswell-kvm-4.7", "rr_strategy", "guard", "elided", "--force");
    assertMatch(forced, /^warning: [\s\S]*EXIT-DIVERGED: ticks mismatch/m);
  },
  TEST_TIMEOUT,
);
