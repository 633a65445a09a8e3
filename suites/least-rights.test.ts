/**
 * tickproof with the least rights: an ordinary user in namespaces of its own, without capabilities, without the system
 * calls that the usual profile of containers refuses. docs/containers.md tells what it needs.
 */
import { afterAll, beforeAll, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { SYSCALLS } from "../ffi/mod.ts";

const LAUNCHER = resolve(import.meta.dir, "../bin/tickproof");
const ENOSYS = 38;
const EPERM = 1;

/** struct sock_filter and the codes of classic BPF; linux/filter.h, linux/bpf_common.h. */
const LOAD_WORD = 0x20;
const JUMP_IF_EQUAL = 0x15;
const RETURN = 0x06;
/** linux/seccomp.h: SECCOMP_RET_ALLOW and SECCOMP_RET_ERRNO. */
const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
/** offsetof(struct seccomp_data, nr). */
const NUMBER = 0;

/** A filter that refuses some system calls, as the kernel takes it. */
function filterOf(refused: readonly (readonly [number: number, errno: number])[]): Uint8Array {
  const lines: [code: number, ifTrue: number, ifFalse: number, value: number][] = [[LOAD_WORD, 0, 0, NUMBER]];
  for (const [number, errno] of refused) {
    lines.push([JUMP_IF_EQUAL, 0, 1, number], [RETURN, 0, 0, ERRNO | errno]);
  }
  lines.push([RETURN, 0, 0, ALLOW]);
  const bytes = Buffer.alloc(lines.length * 8);
  for (const [index, [code, ifTrue, ifFalse, value]] of lines.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}

/** What the profile of podman and Docker refuses of what the engine may ask (containers-common, seccomp.json). */
const REFUSED = [
  [SYSCALLS.personality, ENOSYS],
  [SYSCALLS.kcmp, EPERM],
  [SYSCALLS.perf_event_open, EPERM],
] as const;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tickproof-rights-"));
  mkdirSync(join(folder, "home"));
  for (const path of [folder, join(folder, "home")]) chmodSync(path, 0o777);
  writeFileSync(join(folder, "filter"), filterOf(REFUSED));
  writeFileSync(join(folder, "no-ptrace"), filterOf([[SYSCALLS.ptrace, EPERM]]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command in a box of bubblewrap. */
function boxed(...words: string[]) {
  return boxedBy("filter", ...words);
}

function boxedBy(profile: "filter" | "no-ptrace", ...words: string[]) {
  const filter = openSync(join(folder, profile), "r");
  const box = [
    ...["--unshare-all", "--uid", "1000", "--gid", "1000", "--cap-drop", "ALL", "--die-with-parent"],
    ...["--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--bind", join(folder, "home"), "/home"],
    ...["--tmpfs", "/tmp", "--chdir", "/home", "--setenv", "HOME", "/home", "--setenv", "TMPDIR", "/tmp"],
    ...["--setenv", "XDG_CACHE_HOME", "/home/cache", "--setenv", "TICKPROOF_TRACES", "/home/traces"],
    ...["--seccomp", "3"],
  ];
  const { exitCode, stdout, stderr } = Bun.spawnSync(["bwrap", ...box, "--", ...words], {
    stdio: ["ignore", "pipe", "pipe", filter],
    env: { ...process.env },
  });
  return { code: exitCode, stdout: String(stdout), stderr: String(stderr) };
}

/** Why there can be no box here; undefined if there can. */
function missing(): string | undefined {
  if (Bun.which("bwrap") === null) return "no bwrap: apt-get install bubblewrap";
  const { exitCode, stderr } = Bun.spawnSync(["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"]);
  return exitCode === 0 ? undefined : `bwrap can't make a box here: ${stderr.toString().trim()}`;
}

const reason = missing();
const boxTest = (name: string, fn: () => void) =>
  reason === undefined ? test(name, fn) : test.skip(`${name} (skipped: ${reason})`, fn);

boxTest("run and replay need no capability, and none of what containers refuse", () => {
  assertStringIncludes(boxed("cat", "/proc/self/status").stdout, "CapEff:\t0000000000000000");
  const script = "trap 'echo caught' USR1; kill -USR1 $$; echo $$ | tr 0-9 n; sh -c 'exit 4'";
  const { code, stdout, stderr } = boxed(LAUNCHER, "run", "--", "sh", "-c", script);
  assertEquals(code, 4, stderr);
  const replay = boxed(LAUNCHER, "replay", "--quiet", "sh-0");
  assertEquals([replay.code, replay.stdout], [4, stdout], replay.stderr);
});

boxTest("doctor says there what the profile keeps away, and that the engine runs", () => {
  const { capabilities } = JSON.parse(boxed(LAUNCHER, "doctor", "--json").stdout);
  assertEquals([capabilities.personality.state, capabilities.kcmp.state], ["no", "no"]);
  assertStringIncludes(boxed(LAUNCHER, "doctor").stdout, "embedded: can record and replay here, with limits");
});

boxTest("run runs a command by itself where the host lets nothing be traced, and says why", () => {
  const { code, stdout, stderr } = boxedBy(
    "no-ptrace",
    LAUNCHER,
    "run",
    "--",
    "sh",
    "-c",
    "echo ran; exit 4",
  );
  assertEquals([code, stdout], [4, "ran\n"], stderr);
  assertStringIncludes(stderr, "ptrace");
  assertStringIncludes(
    stderr,
    "nothing was recorded, for the reason above; now it runs again by itself: sh -c",
  );
  assertEquals(boxedBy("no-ptrace", LAUNCHER, "run", "--strict", "--", "true").code, 2);
});
