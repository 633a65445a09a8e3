/**
 * A made history to look at: a month of runs on three machines and a described host, with what a team meets in a month, and a run
 * that goes on. It is in a temporary folder, and goes with the server.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type AttemptInfo,
  History,
  type KeptAttempt,
  type RunInfo,
  type StorePlace,
} from "../history/mod.ts";
import { VERSION } from "../text/mod.ts";

const DAYS = 30;
const DAY_MS = 86_400_000;
/** An attempt of the run in progress comes after so long. */
const STEP_MS = 700;
/** How often each test of the run in progress is tried. */
const REPEAT = 12;

/** Machines; the second one gets a new kernel in the last third of the month. */
const HOSTS = [
  { host: "builder-1", cpu: "Intel Xeon Gold 6430", kernel: "6.1.0-28-amd64", newer: "6.1.0-28-amd64" },
  { host: "builder-2", cpu: "AMD EPYC 9354", kernel: "6.11.5-cloud-amd64", newer: "6.12.8-cloud-amd64" },
  { host: "laptop", cpu: "Intel Core Ultra 7 155H", kernel: "6.12.8-amd64", newer: "6.12.8-amd64" },
];

/** How often a test fails: everywhere, from a kernel on, on one machine. */
interface DemoTest {
  name: string;
  ticks: number;
  rate?: number;
  from?: string;
  on?: string;
  reason?: string;
}

const TESTS: readonly DemoTest[] = [
  ...["alarm", "chew_cpu", "async_signal_syscalls", "clock", "exec_chain", "fork_tree"].map((name, at) => ({
    name: `core/${name}`,
    ticks: 52_255 * (at + 1) ** 2,
  })),
  {
    name: "core/hle",
    ticks: 31_095_773,
    rate: 1,
    on: "builder-2",
    reason: "replay diverged: ticks mismatch at event 118 (futex): expected 31095773, got 31095771",
  },
  ...["queue_order", "pool_shutdown", "timer_wheel", "stream_backpressure"].map((name, at) => ({
    name: `topics/${name}`,
    ticks: 910_400 + at * 77_003,
  })),
  { name: "topics/lost_update", ticks: 402_113, rate: 0.06, reason: "3998 additions came to 3997" },
  { name: "topics/socket_reset", ticks: 120_877, rate: 0.02, reason: "stdout differs from the manifest's" },
  {
    name: "kernel/io_uring_poll",
    ticks: 88_120,
    rate: 1,
    from: "6.12",
    reason: "death by SIGSEGV, expected exit code 0",
  },
  {
    name: "kernel/robust_futex",
    ticks: 45_001,
    rate: 0.3,
    from: "6.12",
    reason: "took longer than 60 seconds",
  },
  ...["signalfd", "eventfd", "pidfd_getfd", "userfaultfd"].map((name, at) => ({
    name: `kernel/${name}`,
    ticks: 12_000 + at * 4_217,
  })),
];

/** A history that goes on by itself. */
export interface Demo extends AsyncDisposable {
  place: StorePlace;
}

/** Makes it. */
export async function makeDemo(now: Date = new Date()): Promise<Demo> {
  const folder = mkdtempSync(join(tmpdir(), "tickproof-demo-"));
  const place: StorePlace = { kind: "sqlite", path: join(folder, "history.sqlite") };
  const random = randomFrom(20_261_129);
  let history: History | undefined;
  try {
    history = await History.open(place);
    for (let day = DAYS; day >= 1; day--) {
      for (const [at, host] of HOSTS.entries()) {
        const startedAt = new Date(now.getTime() - day * DAY_MS + at * 3_600_000);
        const kernel = day <= DAYS / 3 ? host.newer : host.kernel;
        // Laptops are at home at weekends.
        if (host.host === "laptop" && [0, 6].includes(startedAt.getUTCDay())) continue;
        await addRun(history, infoOf(host, kernel, startedAt), random);
      }
    }
    const goesOn = new RunInProgress(history, random);
    await goesOn.begin(now);
    const opened = history;
    return {
      place,
      async [Symbol.asyncDispose]() {
        await goesOn.end();
        await opened[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await history?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

type Random = () => number;
type Host = (typeof HOSTS)[number];

function infoOf({ host, cpu }: Host, kernel: string, startedAt: Date): RunInfo {
  return { startedAt: startedAt.toISOString(), host, cpu, kernel, version: VERSION, bun: Bun.version };
}

async function addRun(history: History, info: RunInfo, random: Random): Promise<void> {
  const attempts: KeptAttempt[] = TESTS.flatMap((test) => [
    attemptOf(test, info, 1, random),
    attemptOf(test, info, 2, random),
    ...(test.name === "core/hle"
      ? [{ ...attemptOf(test, { ...info, host: "" }, 1, random), describedHost: "haswell-kvm" }]
      : []),
  ]).map((attempt, at) => ({ ...attempt, seq: at + 1 }));
  const id = await history.addRun(info);
  await history.addAttempts(id, attempts);
  await history.finishRun(id);
}

function attemptOf(test: DemoTest, { host, kernel }: RunInfo, number: number, random: Random): AttemptInfo {
  const isMeant = (test.on ?? host) === host && (test.from === undefined || kernel.startsWith(test.from));
  const isBad = isMeant && random() < (test.rate ?? 0);
  const isSlow = isBad && test.reason?.startsWith("took longer");
  const nativeMs = 12 + test.ticks / 400_000 + random() * 3;
  return {
    test: test.name,
    number,
    engine: "embedded",
    describedHost: "",
    verdict: isBad ? (isSlow ? "timeout" : "fail") : "pass",
    reason: isBad ? (test.reason ?? "") : "",
    ticks: test.ticks,
    events: 60 + Math.floor(test.ticks / 9_000),
    signals: 1,
    switches: Math.floor(random() * 40),
    nativeMs,
    recordMs: nativeMs * (1.4 + random()),
    replayMs: nativeMs * (1.3 + random()),
    detail: isBad ? detailOf(test) : null,
  };
}

function detailOf({ name, reason = "" }: DemoTest): NonNullable<AttemptInfo["detail"]> {
  if (reason.startsWith("stdout")) {
    const lines = [" connected", "-received 4096 bytes", "+received 2048 bytes", " closed"];
    const hunks = [{ expectedStart: 1, foundStart: 1, lines }];
    return {
      differences: [{ stream: "stdout", phase: "native", against: "the manifest", hunks, more: 0 }],
    };
  }
  if (!reason.startsWith("death")) return { notes: [`caught by recording 3 of at most 10: ${name}`] };
  const file = "/src/io_uring_poll.c";
  const texts = ["  struct entry *e = next(&ring);", "  e->seen = true;", "  submit(&ring, e);"];
  const place = { module: "io_uring_poll", offset: 0x11a4, symbol: "drain", file, line: 42 };
  return {
    crash: {
      signal: "SIGSEGV",
      task: 4711,
      process: 4711,
      address: "0x18",
      frames: [{ pc: "0x5555555551a4", place }],
      moreFrames: 2,
      source: { file, line: 42, lines: texts.map((text, at) => ({ number: 41 + at, text })) },
      lastEvents: ["212 task 4711 ticks 88120: io_uring_enter(0x3) = 1", "213 task 4711: signal SIGSEGV"],
    },
  };
}

/** The run that goes on; when it is through, another one begins. */
class RunInProgress {
  readonly #history: History;
  readonly #random: Random;
  readonly #timer: Timer;
  #working: Promise<void> = Promise.resolve();
  #info: RunInfo | undefined;
  #run = 0;
  #made = 0;

  constructor(history: History, random: Random) {
    this.#history = history;
    this.#random = random;
    this.#timer = setInterval(() => {
      this.#working = this.#working.then(() => this.#step());
    }, STEP_MS);
  }

  async begin(now: Date): Promise<void> {
    const [, host] = HOSTS as [Host, Host, Host];
    this.#info = infoOf(host, host.newer, now);
    this.#run = await this.#history.addRun(this.#info);
    this.#made = 0;
    await this.#history.beat(this.#run, TESTS.length * REPEAT);
  }

  async #step(): Promise<void> {
    const info = this.#info;
    const test = TESTS[this.#made % TESTS.length];
    if (info === undefined || test === undefined) return;
    this.#made++;
    const number = Math.ceil(this.#made / TESTS.length);
    await this.#history.addAttempt(this.#run, attemptOf(test, info, number, this.#random));
    await this.#history.beat(this.#run);
    if (this.#made < TESTS.length * REPEAT) return;
    await this.#history.finishRun(this.#run);
    await this.begin(new Date());
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }
}

/** Numbers from 0 to before 1 that are the same each time (mulberry32's recurrence needs 32-bit words only). */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}
