import { test } from "bun:test";
import type { Execution } from "../types.ts";
import { expectFindings } from "./_expect.ts";

const GIB = 2 ** 30;
/** What Debian's rr 5.6.0 writes where there is no PMU. */
const REFUSAL =
  "[FATAL ./src/PerfCounters.cc:306:start_counter()] Unable to open performance counter with 'perf_event_open'; " +
  "are hardware perf events available? See https://github.com/rr-debugger/rr/wiki/Will-rr-work-on-my-system\n";
const TURIN =
  "[FATAL /src/PerfCounters_x86.h:114:compute_cpu_microarch()] \n AMD CPU type 0xf20 (ext family 0xb) unknown\n" +
  "=== Start rr backtrace:\nrr(_ZN2rr13dump_rr_stackEv+0x44)\n";

/** A host that has rr, which answers by its arguments. */
const withRr = (answer: (args: readonly string[]) => Partial<Execution>) => ({
  programs: { rr: "/usr/bin/rr" },
  execute: ([, ...args]: readonly string[]): Execution => ({
    exitCode: 0,
    stdout: "",
    stderr: "",
    ...answer(args),
  }),
});
const version = { stdout: "rr version 5.6.0\n" };
/** One that tells its version, and answers so to all else. */
const recording = (answer: Partial<Execution>) =>
  withRr(([first]) => (first === "--version" ? version : answer));

test("compiler tells which, or how to get one", () => {
  expectFindings("compiler", [
    [{ compiler: { identity: "/usr/bin/gcc gcc 12" } }, "yes", "/usr/bin/gcc gcc 12"],
    [{ compiler: { missing: "no C compiler" } }, "no", "no C compiler"],
    [{}, "unknown", "doesn't tell"],
  ]);
});

test("disk-space wants 512 MiB", () => {
  expectFindings("disk-space", [
    [{ bytes: 20 * GIB }, "yes", "20.0 GiB free for /traces"],
    [{ bytes: GIB / 2 }, "yes", "512 MiB"],
    [{ bytes: GIB / 2 - 1 }, "no", "511 MiB free"],
    [{ bytes: 0 }, "no", "0 MiB free"],
    [{}, "unknown", "doesn't tell"],
  ]);
});

test("bun is yes for the version that the tests run with", () => {
  expectFindings("bun", [[{}, "yes", Bun.version]]);
});

test("rr tells its version and place", () => {
  expectFindings("rr", [
    [withRr(() => version), "yes", "rr 5.6.0 at /usr/bin/rr"],
    [
      withRr(() => ({ exitCode: 127, stderr: "libcapnp.so: cannot open\n" })),
      "no",
      "libcapnp.so: cannot open",
    ],
    [{ programs: {} }, "no", "there is no rr"],
    [{}, "unknown", "doesn't tell"],
  ]);
});

test("rr-starts has rr's refusal in one line, without the place in its source", () => {
  expectFindings("rr-starts", [
    [recording({ exitCode: 0 }), "yes", "exit code 0"],
    [recording({ exitCode: 1, stderr: REFUSAL }), "no", "rr says: Unable to open performance counter"],
    [recording({ exitCode: 1, stderr: TURIN }), "no", "rr says: AMD CPU type 0xf20 (ext family 0xb) unknown"],
    [recording({ exitCode: 3 }), "no", "rr says: exit code 3"],
    [recording({ exitCode: undefined }), "no", "it did not end in time"],
    [{ programs: {} }, "no", "rr is no"],
    [{}, "unknown", "rr is unknown"],
  ]);
});

test("rr-software-counters finds the option of a fork, and tries it", () => {
  const help = { stderr: "Options:\n  -W, --software-counters  count in software\n" };
  const fork = (trial: Partial<Execution>) =>
    withRr((args) => (args[0] === "--version" ? version : args.includes("-W") ? trial : help));
  expectFindings("rr-software-counters", [
    [fork({}), "yes", "rr record -W true: exit code 0"],
    [fork({ exitCode: 1, stderr: REFUSAL }), "no", "rr says: Unable to open"],
    [recording({ stderr: "Options:\n  -w, --wait  Wait\n" }), "no", "no option -W"],
    [{ programs: {} }, "no", "rr is no"],
  ]);
});
