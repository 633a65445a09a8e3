/** `tickproof doctor` as a process: output, exit codes, and what it leaves behind. */
import { afterAll, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { CAPABILITY_NAMES, type Finding } from "../host/mod.ts";

const CLI = resolve(import.meta.dir, "../cli.ts");
const ROOT = mkdtempSync(join(tmpdir(), "doctor-test-"));
afterAll(() => rmSync(ROOT, { recursive: true, force: true }));

/** A folder of programs for PATH: the scripts given, and a shell. */
function programs(name: string, scripts: Readonly<Record<string, string>>): string {
  const folder = join(ROOT, name);
  mkdirSync(folder);
  for (const tool of ["sh", "sleep", "touch"])
    symlinkSync(Bun.which(tool) ?? "/bin/false", join(folder, tool));
  for (const [script, text] of Object.entries(scripts)) {
    writeFileSync(join(folder, script), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, script), 0o755);
  }
  return folder;
}

function doctor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawnSync([process.execPath, CLI, "doctor", ...args], {
    cwd: ROOT,
    env: { ...process.env, CC: "", TICKPROOF_RR: "", RR: "", ...environment },
  });
  return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
}

interface Json {
  readonly capabilities: Readonly<Record<string, Pick<Finding, "state" | "evidence" | "numbers">>>;
  readonly problems: readonly { readonly name: string }[];
  readonly engines: readonly { readonly engine: string; readonly runs: boolean }[];
}

function doctorJson(environment: Readonly<Record<string, string>> = {}): Json & { code: number } {
  const { code, stdout } = doctor(["--json"], environment);
  return { ...(JSON.parse(stdout) as Json), code };
}

test("doctor tells of all capabilities, and its exit code says whether an engine can run", () => {
  const { code, capabilities, engines } = doctorJson();
  assertEquals(Object.keys(capabilities), [...CAPABILITY_NAMES]);
  assertEquals(code, engines.some(({ runs }) => runs) ? 0 : 1);
});

test("probe shows what a probe of a user's own finds, and --expect decides its exit code", () => {
  const file = join(ROOT, "big-pages.probe.ts");
  const probe = (...args: string[]) => {
    const child = Bun.spawnSync([process.execPath, CLI, "probe", ...args, file], { cwd: ROOT });
    return { code: child.exitCode, stdout: child.stdout.toString(), stderr: child.stderr.toString() };
  };
  const source = `export default {
    name: "has-a-kernel",
    title: "the host has a kernel",
    run: ({ readFile, host }) => {
      const release = readFile("/proc/sys/kernel/osrelease")?.trim();
      return { state: release ? "yes" : "no", evidence: \`\${host}: \${release}\` };
    },
  };`;
  writeFileSync(file, source);
  const shown = probe("--host", "haswell");
  assertEquals([shown.code, shown.stderr], [0, ""]);
  assertMatch(shown.stdout, /has-a-kernel: the host has a kernel\n {2}found +yes: haswell: \d/);
  const json = JSON.parse(probe("--json", "--expect", "yes").stdout);
  assertEquals([json.host, json.capabilities["has-a-kernel"].state], ["live", "yes"]);
  assertEquals(probe("--expect", "no").code, 1);
  writeFileSync(file, "export default 1;");
  const wrong = probe();
  assertEquals(wrong.code, 2);
  assertMatch(
    wrong.stderr,
    /^tickproof: 'big-pages\.probe\.ts' is no probe: its default export must be an object/,
  );
  assertEquals(wrong.stderr.trim().split("\n").length, 1);
});

test("doctor writes no colours to pipes, and keeps to the columns that it is given", () => {
  const { stdout, stderr } = doctor([], { COLUMNS: "60" });
  assertEquals(stderr, "");
  assert(!stdout.includes("\x1b"));
  assertMatch(stdout, /\nengines\n {2}[✓✗] embedded: /);
  for (const line of stdout.split("\n"))
    assert(line.length <= 60 || line.trim().split(" ").length <= 2, line);
});

test("doctor finds no compiler and no rr where there are none, and says how to get them", () => {
  const PATH = programs("empty", {});
  const { capabilities, problems } = doctorJson({ PATH });
  assertEquals(capabilities.rr, {
    ...capabilities.rr,
    state: "no",
    evidence: "there is no rr: neither in PATH nor named by TICKPROOF_RR",
  });
  assertEquals(capabilities.compiler?.state, "no");
  const names = problems.map(({ name }) => name);
  assert(names.includes("rr") && names.includes("compiler") && !names.includes("rr-starts"), names.join());
});

test("doctor has an rr's refusal in one line", () => {
  const PATH = programs("refusing", {
    rr: 'case "$1" in --version) echo rr version 5.6.0;; *) echo "[FATAL ./src/x.cc:3:f()] No PMU, sorry" >&2; exit 1;; esac',
  });
  const { capabilities } = doctorJson({ PATH });
  assertEquals(capabilities["rr-starts"]!.evidence, "rr says: No PMU, sorry");
});

test("doctor --explain shows one probe, and names the nearest for one that is none", () => {
  const { code, stdout } = doctor(["--explain", "bun"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^✓ bun: .*\n {2}found +yes: Bun /);
  const wrong = doctor(["--explain", "kvm-in-txcp-bg"]);
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertStringIncludes(wrong.stderr, "did you mean 'kvm-in-txcp-bug'?");
  assertEquals(doctor(["--explain", "bun", "--json"]).code, 2);
});

test("doctor that is ended by Ctrl-C leaves no folder and no program behind", async () => {
  const PATH = programs("hanging", {
    rr: `case "$1" in --version) echo rr version 5.6.0;; *) touch ${ROOT}/started; exec sleep 600;; esac`,
  });
  const TMPDIR = join(ROOT, "tmp");
  mkdirSync(TMPDIR);
  const child = Bun.spawn([process.execPath, CLI, "doctor"], {
    cwd: ROOT,
    env: { ...process.env, PATH, TMPDIR },
    stdout: "pipe",
    // A process group of its own, as a shell gives it: Ctrl-C goes to all of it.
    detached: true,
  });
  while (!readdirSync(ROOT).includes("started")) await Bun.sleep(5);
  process.kill(-child.pid, "SIGINT");
  assertEquals(await child.exited, 130);
  assertEquals(await child.stdout.text(), "");
  assertEquals(readdirSync(TMPDIR), []);
});

test("doctor --host examines a described host, and says why an engine can't run there", () => {
  const { code, stdout } = doctor(["--host", "haswell-xen-pmi"]);
  assertEquals(code, 0);
  assertMatch(
    stdout,
    /^tickproof \S+ on described host haswell-xen-pmi: Intel.*, under xen 4\.11\.4, Linux 4\.19/,
  );
  assertMatch(stdout, /✗ xen-pmi-overcount\n/);
  assertMatch(stdout, /✗ rr: can't run there\n +xen-pmi-overcount: \d+ of 500 branches counted\n/);
  const json: Json = JSON.parse(doctor(["--host", "haswell-kvm-4.7", "--json"]).stdout);
  assertEquals(json.capabilities["kvm-in-txcp-bug"]!.evidence, "312 of 500 branches counted");
  assertEquals(json.capabilities["kvm-in-txcp-bug"]!.numbers, { counted: 312, expected: 500 });
  assertStringIncludes(
    doctor(["--host", "haswell-kvm-fixed", "--explain", "kvm-in-txcp-bug"]).stdout,
    "no: 500 of 500 branches counted",
  );
});

test("doctor --host takes a profile of one's own, and refuses what is none in one message", () => {
  const profile = readFileSync(resolve(import.meta.dir, "../../manifests/hosts/zen3.yaml"), "utf8");
  writeFileSync(join(ROOT, "mine.yaml"), profile.replace("name: zen3", "name: mine"));
  assertStringIncludes(doctor(["--host", "./mine.yaml"]).stdout, "on described host mine:");
  writeFileSync(join(ROOT, "wrong.yaml"), profile.replace("counters: 6", "counters: many"));
  for (const [host, words] of [
    ["haswel", "did you mean 'haswell'?"],
    ["./none.yaml", "none.yaml"],
    ["./wrong.yaml", "wrong.yaml:"],
  ] as const) {
    const { code, stdout, stderr } = doctor(["--host", host]);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, words);
    assert(!stderr.includes("    at "), stderr);
  }
});

test("doctor --require goes by what is found, and its exit code says so", () => {
  const onBug = (...required: string[]) =>
    doctor(["--host", "haswell-kvm-4.7", "--require", required.join(",")]);
  const met = onBug("pmu", "kvm-in-txcp-bug=yes");
  assertEquals(met.code, 0);
  assertStringIncludes(met.stdout, "✓ pmu is yes: 500 of 500 branches counted");
  const unmet = onBug("pmu", "kvm-in-txcp-bug=no");
  assertEquals(unmet.code, 1);
  assertStringIncludes(unmet.stdout, "✗ kvm-in-txcp-bug is yes, not no: 312 of 500 branches counted");
  const json = doctor(["--host", "haswell", "--json", "--require", "pmu"]);
  const { required } = JSON.parse(json.stdout) as { required: { name: string; met: boolean }[] };
  assertEquals(
    required.map(({ name, met }) => [name, met]),
    [["pmu", true]],
  );
});

test("doctor --compare shows the capabilities that differ, and no others", () => {
  const { code, stdout } = doctor(["--compare", "haswell-kvm-fixed,haswell-kvm-4.7"]);
  assertEquals(code, 0);
  const rows = stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.trim().split(/\s{2,}/));
  assertEquals(rows[0], ["haswell-kvm-fixed", "haswell-kvm-4.7"]);
  assert(
    rows.some((row) => row.join() === "kvm-in-txcp-bug,no,yes"),
    stdout,
  );
  assert(!rows.some(([name]) => name === "pmu"), stdout);
});

test("doctor takes hosts and capabilities as words of their own too", () => {
  const words = doctor(["--compare", "haswell", "zen3", "knl"]);
  assertEquals(words.code, 0, words.stderr);
  assertEquals(words.stdout, doctor(["--compare", "haswell,zen3,knl"]).stdout);
  const required = doctor(["--host", "haswell-kvm-4.7", "--require", "pmu", "kvm-in-txcp-bug=no"]);
  assertEquals(required.code, 1, required.stderr);
  assertStringIncludes(required.stdout, "kvm-in-txcp-bug is yes, not no");
});

test("doctor refuses questions that exclude each other, or name nothing that there is", () => {
  for (const [args, words] of [
    [["--require", "pmu=maybe"], "a finding is one of yes, no, unknown"],
    [["--require", "pmv"], "did you mean 'pmu'?"],
    [["--require", ","], "names no capability"],
    [["--compare", "haswell"], "two hosts or more"],
    [["haswell"], "takes words behind --compare and --require only: got 'haswell'"],
    [["--host", "haswell", "pmu"], "got 'pmu'"],
    [["--compare", "haswell,zen3", "--host", "knl"], "'--compare' and '--host' exclude each other"],
    [["--explain", "pmu", "--require", "pmu"], "'--explain' and '--require' exclude each other"],
  ] as const) {
    const { code, stderr } = doctor(args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, words);
  }
});

const scriptTest = Bun.which("script")
  ? test
  : (name: string, body: () => void) => test.skip(`${name} (skipped: this host has no script)`, body);

scriptTest("doctor on a terminal keeps to its columns, with colours unless NO_COLOR is set", () => {
  const command = `stty cols 50; exec '${process.execPath}' '${CLI}' doctor --host zen5-turin`;
  const onTerminal = (environment: Readonly<Record<string, string>>) =>
    Bun.spawnSync(["script", "-qec", command, "/dev/null"], {
      env: { ...process.env, TERM: "xterm", COLUMNS: "", NO_COLOR: "", ...environment },
    }).stdout.toString();
  const colour = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, "g");
  const rich = onTerminal({});
  assertStringIncludes(rich, "\x1b[31m✗\x1b[0m \x1b[1mcpu-known-to-rr\x1b[0m");
  for (const line of rich.replaceAll(colour, "").split("\r\n")) {
    assert(line.length <= 50 || line.trim().split(" ").length <= 2, line);
  }
  const plain = onTerminal({ NO_COLOR: "1" });
  assert(!plain.includes("\x1b"));
  assertEquals(plain, rich.replaceAll(colour, ""));
});
