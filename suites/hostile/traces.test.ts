/**
 * Traces that were made to do harm: whatever one says, its replay touches nothing, ends, and says what is wrong in one
 * line. The kernel itself tells what the replayed processes have asked it for (`observe.c`).
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { MappingRecord, SyscallEvent, TraceEvent } from "../../engine/trace/mod.ts";
import { CONTEXT_BASE, STUBS_BASE, TABLE_BASE } from "../../engine/translate/context.ts";
import { CLONE, SYSCALLS } from "../../ffi/mod.ts";
import { rewriteTrace } from "../_forge.ts";
import { run, Scratch, TEST_TIMEOUT, TICKPROOF } from "../_tickproof.ts";
import { compiled, observe, observeReplay, reachingOut } from "./_observe.ts";
import { SMUGGLED, smuggle, smuggleFrame } from "./_smuggled.ts";

const scratch = new Scratch();
const original = scratch.file("original");
/** The same with an event for each call, from the first one on: before the program has memory where the engine would be. */
const unbuffered = scratch.file("unbuffered");
/** The folder that the recorded program has worked in. */
const place = scratch.file("place");
let observer = "";

beforeAll(async () => {
  observer = await compiled("observe.c", scratch.file("cache"));
  const program = await compiled("reaches_out.c", scratch.file("cache"));
  for (const [trace, environment] of [
    [original, {}],
    [unbuffered, { TICKPROOF_NO: "buffer" }],
  ] as const) {
    prepare();
    const command = [...TICKPROOF, "record", "-q", "-o", trace, "--", program, place];
    const { exit, stderr } = run(command, { environment });
    assertEquals(exit, { code: 0 }, stderr);
  }
}, TEST_TIMEOUT);

afterAll(() => scratch[Symbol.dispose]());

/** Lays out again what the program has changed. */
function prepare(): void {
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, "victim-folder"), { recursive: true });
  for (const name of ["victim", "victim-2", "victim-3"]) writeFileSync(join(place, name), name);
}

/** Everything below a folder: names, modes, times and contents. */
function contents(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stat = statSync(join(folder, name));
      const bytes = stat.isFile() ? Bun.hash(readFileSync(join(folder, name))) : 0;
      return `${name} ${stat.mode} ${stat.mtimeMs} ${stat.size} ${bytes}`;
    });
}

/** Replays a forged trace, and proves that it did no harm. */
function proveHarmless(
  change: (event: TraceEvent) => void,
  trace = original,
): { code: number; stderr: string } {
  const forged = scratch.file("forged");
  for (const folder of [forged, `${forged}-store`]) rmSync(folder, { recursive: true, force: true });
  rewriteTrace(trace, forged, (event) => {
    change(event);
    return false;
  });
  prepare();
  const before = [contents(place), contents(forged)];
  const { exit, stderr, calls } = observeReplay(observer, forged);
  assertEquals(reachingOut(calls), []);
  assert(calls.length > 10, `the replay was observed: ${calls.length} calls, ${stderr}`);
  assertEquals([contents(place), contents(forged)], before);
  assert("code" in exit, `ended by a signal: ${stderr}`);
  assert([0, 1, 2].includes(exit.code), `exit code ${exit.code}: ${stderr}`);
  assertMatch(stderr, /^tickproof: .+\n$/);
  return { code: exit.code, stderr };
}

function hostile(
  name: string,
  change: (event: TraceEvent) => void,
  code: number,
  words: RegExp,
  trace = original,
): void {
  test(
    name,
    () => {
      const { code: got, stderr } = proveHarmless(change, trace);
      assertMatch(stderr, words);
      assertEquals(got, code);
    },
    TEST_TIMEOUT,
  );
}

const PAGES: MappingRecord = {
  start: 0x200000000,
  end: 0x200002000,
  protection: 7,
  shared: false,
  file: -1,
  offset: 0,
  name: "",
};

function isCall(event: TraceEvent, number: number): event is SyscallEvent {
  return event.kind === "syscall" && event.number === number;
}

/** Addresses of the engine's own memory in this program: context, scratch area, lookup table, stubs, code of the loader. */
const ENGINES = [CONTEXT_BASE, CONTEXT_BASE + 4096, TABLE_BASE, STUBS_BASE, 0x7fffd8000000 - 4096];

test("the observer sees what a process reaches for", () => {
  const { calls } = observe(observer, ["sh", "-c", "cat /etc/hostname; :"]);
  expect(reachingOut(calls).join("\n")).toContain("openat(");
});

test(
  "an honest trace asks the kernel for nothing that reaches out",
  () => {
    assertEquals(proveHarmless(() => {}).code, 0);
  },
  TEST_TIMEOUT,
);

for (const call of ["unlink", "mkdir", "openat", "write", "sendto", "kill", "truncate"] as const) {
  hostile(
    `a mapping on ${call} makes it no call that is done`,
    (event) => {
      if (isCall(event, SYSCALLS[call])) event.mapping = PAGES;
    },
    2,
    /it maps memory by a call that maps none/,
  );
}

for (const address of ENGINES) {
  const at = `0x${address.toString(16)}`;
  test(
    `a mapping at ${at} does not take the engine's memory away: the engine goes out of its way`,
    () => {
      proveHarmless((event) => {
        if (event.kind !== "syscall" || event.number !== SYSCALLS.mmap || !event.mapping) return;
        event.mapping = { ...event.mapping, start: address, end: address + 4096 };
      });
    },
    TEST_TIMEOUT,
  );
  hostile(
    `an event does not write to the engine's memory at ${at}`,
    (event) => {
      if (event.kind === "syscall" && event.writes.length > 0)
        event.writes = [{ address, bytes: new Uint8Array(64).fill(0xcc) }];
    },
    2,
    new RegExp(`it writes to ${at} to .*the engine's own memory`),
    unbuffered,
  );
  for (const call of ["munmap", "mprotect", "madvise", "mremap"] as const) {
    const name = `${call} at ${at} takes nothing of the engine away, though the trace says that it succeeded`;
    test(
      name,
      () => {
        let met = 0;
        proveHarmless((event) => {
          if (!isCall(event, SYSCALLS[call]) || event.registers[5] !== BigInt(address)) return;
          met++;
          event.result = call === "mremap" ? 0x300000000n : 0n;
        });
        assert(met > 0, "the program makes that call");
      },
      TEST_TIMEOUT,
    );
  }
}

hostile(
  "an event writes to no address that a program can't have",
  (event) => {
    if (event.kind === "syscall" && event.writes.length > 0)
      event.writes = [{ address: 0xffff_8000_0000_0000, bytes: new Uint8Array(8) }];
  },
  2,
  /where no program has memory/,
);

for (const result of [2n ** 32n, 2n ** 53n, 2n ** 63n - 1n]) {
  hostile(
    `a write of ${result} bytes takes no memory for them`,
    (event) => {
      if (event.kind === "syscall" && event.stream === 1) event.result = result;
    },
    2,
    /it shows \d+ bytes of output, more than one call sends/,
  );
}

hostile(
  "output of a call that sends none is refused",
  (event) => {
    if (isCall(event, SYSCALLS.openat)) event.stream = 1;
  },
  2,
  /it shows output of a call that sends none/,
);

test(
  "a program at the place of the engine has it out of its way",
  () => {
    proveHarmless((event) => {
      if (event.kind !== "exec") return;
      event.mappings.push({ ...PAGES, start: CONTEXT_BASE, end: CONTEXT_BASE + 0x80000 });
    });
  },
  TEST_TIMEOUT,
);

test(
  "a new task gets no namespaces and no freedom, whatever its flags say",
  () => {
    const all = CLONE.NEWNS + CLONE.NEWUSER + CLONE.NEWNET + CLONE.UNTRACED + CLONE.PARENT + CLONE.PTRACE;
    proveHarmless((event) => {
      if (event.kind === "clone") event.flags += all;
    });
  },
  TEST_TIMEOUT,
);

hostile(
  "a task is not made twice",
  (event) => {
    if (event.kind === "clone") event.child = event.task;
  },
  2,
  /it makes task \d+ once more/,
);

for (const [what, code] of Object.entries(SMUGGLED)) {
  test(
    `smuggled code: ${what}`,
    () => {
      const { code: exit } = proveHarmless((event) => {
        if (event.kind === "exec") smuggle(event, code);
      });
      assert(exit !== 0, "it was noticed");
    },
    TEST_TIMEOUT,
  );
}

for (const cs of [0x33, 0x23]) {
  test(
    `a smuggled signal frame with code segment 0x${cs.toString(16)} leads nowhere`,
    () => {
      let frame: SyscallEvent | undefined;
      const { code } = proveHarmless((event) => {
        if (event.kind === "exec" && frame === undefined) frame = smuggleFrame(event, cs);
        else if (event.kind === "syscall" && frame !== undefined) Object.assign(event, frame);
      });
      assert(code !== 0, "it was noticed");
    },
    TEST_TIMEOUT,
  );
}
