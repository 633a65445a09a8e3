import { test } from "bun:test";
import { assert, assertEquals } from "@std/assert";
import { encodePerfAttr, PERF_FORMAT, PERF_IOC, PERF_IOC_FLAG_GROUP } from "../../ffi/mod.ts";
import { Random, randomAttr, randomProfile } from "./_random.ts";
import { brokenByOpen, fields, isAnswer } from "./_rules.ts";
import { createHostModel, type HostModel } from "./mod.ts";

const SEEDS = 1500;
const CALLS = 80;
const FIRST_TASK = 1000;
const REQUESTS = [...Object.values(PERF_IOC), 0x2400, 0x2401, 0x2403, 0x4008_2404, 0x2499];

interface OpenEvent {
  readonly attr: Uint8Array;
  readonly leads: boolean;
  /** Branches and instructions of all tasks when it was opened. */
  readonly branches: number;
  readonly instructions: number;
  last: bigint;
}

/** One host, and a random order of calls; each answer is held against the rules. */
class Session {
  readonly #random: Random;
  readonly #model: HostModel;
  readonly #events = new Map<number, OpenEvent>();
  readonly #tasks = [FIRST_TASK];
  #current = FIRST_TASK;
  #branches = 0;
  #instructions = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.#model = createHostModel(randomProfile(this.#random));
    this.#model.switchIn(this.#current);
  }

  get #perf() {
    return this.#model.perfFor(this.#current);
  }

  /** A descriptor that is open, or one that may be not. */
  #fd(): number {
    const open = [...this.#events.keys()];
    return open.length === 0 || this.#random.once(15) ? this.#random.upTo(20) - 1 : this.#random.pick(open);
  }

  open(): void {
    const random = this.#random;
    const attr = randomAttr(random);
    const pid = random.pick([0, 0, 0, this.#current, -1, 77, random.pick(this.#tasks)]);
    const cpu = random.pick([-1, -1, -1, 0, 1, 9, -2]);
    const group = random.once(3) ? this.#fd() : -1;
    const flags = random.pick([0, 0, 0, 8, 1, 2, 4, 16]);
    const before = attr.slice();
    const fd = this.#perf.open(attr, pid, cpu, group, flags);
    assert(isAnswer("open", fd), `open: ${fd}`);
    if (fd < 0) return;
    const joins = group !== -1 && (flags & 1) === 0;
    const leader = joins ? this.#events.get(group) : undefined;
    assert(group === -1 || this.#events.has(group), "a group that is not open");
    assert((flags & ~15) === 0, "unknown flags");
    const rate = Number(this.#model.readFile("/proc/sys/kernel/perf_event_max_sample_rate"));
    assertEquals(brokenByOpen({ attr: before, pid, cpu, leader }, this.#model.profile, rate), []);
    assert(!this.#events.has(fd), "a descriptor twice");
    this.#events.set(fd, {
      attr: before,
      leads: !joins,
      branches: this.#branches,
      instructions: this.#instructions,
      last: 0n,
    });
  }

  ioctl(): void {
    const fd = this.#fd();
    const request = this.#random.pick(REQUESTS);
    const argument = this.#random.once(4) ? this.#random.u64() : this.#random.upTo(3);
    const result = this.#perf.ioctl(fd, request, argument);
    // A limit of overflows is no rule; everything else leaves the value, but for RESET.
    assert(request === PERF_IOC.ID || isAnswer("ioctl", result), `ioctl ${request.toString(16)}: ${result}`);
    if (request === PERF_IOC.RESET) for (const event of this.#events.values()) event.last = 0n;
    if (!this.#events.has(fd)) assert(result < 0, "an ioctl of nothing");
  }

  read(): void {
    const fd = this.#fd();
    const words = new BigUint64Array(this.#random.pick([0, 1, 16, 64]));
    const bytes = this.#perf.read(fd, words);
    assert(isAnswer("read", bytes) && (bytes < 0 || bytes % 8 === 0), `read: ${bytes}`);
    const event = this.#events.get(fd);
    if (event === undefined) assert(bytes < 0, "a reading of nothing");
    else if (bytes > 0) this.#checkReading(event, words.subarray(0, bytes / 8));
  }

  #checkReading(event: OpenEvent, words: BigUint64Array): void {
    const { readFormat, type } = fields(event.attr);
    const has = (bit: bigint) => (readFormat & bit) !== 0n;
    const grouped = has(8n);
    if (has(1n) && has(2n)) assert(words[2]! <= words[1]!, `running ${words[2]} of ${words[1]}`);
    if (grouped) return;
    const count = words[0]!;
    assert(count >= event.last, `counted back from ${event.last} to ${count}`);
    event.last = count;
    if (type !== 4 || this.#adds) return;
    // Of everything that the model knows instructions are the most.
    assert(count <= BigInt(this.#instructions - event.instructions), "more than there were instructions");
    const code = fields(event.attr).config & 0xffffn;
    const ticks = [0x01c4n, 0x11c4n, 0x7ec4n, 0x00d1n].includes(code);
    if (ticks) assert(count <= BigInt(this.#branches - event.branches), "more than there were branches");
  }

  /** Bugs of the host that add to counts. */
  get #adds(): boolean {
    const { hypervisor, cpu } = this.#model.profile;
    return cpu.specLockMap || (hypervisor.kind === "xen" && hypervisor.pmiOvercounts);
  }

  map(): void {
    const mapped = this.#perf.map(this.#fd(), this.#random.pick([0, 1, 2, 3, 8, -1, 1 << 20]));
    if (typeof mapped === "number") {
      assert(mapped < 0 && isAnswer("map", mapped), `map: ${mapped}`);
      return;
    }
    assertEquals(mapped.bytes.length % 4096, 0);
    // Programs may write what they like there.
    if (this.#random.once(3)) mapped.view.setBigUint64(1032, this.#random.u64(), true);
    if (this.#random.once(6)) mapped.view.setBigUint64(1024, this.#random.u64(), true);
  }

  poll(): void {
    assert([0, 1, 8, 16, -9].includes(this.#perf.poll(this.#fd(), 0)));
  }

  advance(): void {
    const random = this.#random;
    const branches = random.upTo(random.pick([0, 10, 5000, 3_000_000]));
    const some = () => (random.once(4) ? random.upTo(100) : 0);
    const [committedBranches, abortedBranches] = [some(), some()];
    const lockedInstructions = random.once(4) ? random.upTo(10) : 0;
    const instructions = 5 * (branches + committedBranches + abortedBranches + lockedInstructions);
    const progress = { branches, committedBranches, abortedBranches, lockedInstructions, instructions };
    this.#branches += branches + committedBranches + abortedBranches;
    this.#instructions += instructions;
    for (const { fd } of this.#model.advance(this.#current, progress)) {
      const event = this.#events.get(fd);
      assert(event === undefined || fields(event.attr).period > 0n, "an overflow of what does not sample");
    }
  }

  foretell(): void {
    const next = this.#model.nextInterrupt(this.#current);
    assert(next === undefined || (Number.isSafeInteger(next) && next >= 0), `next interrupt: ${next}`);
  }

  close(): void {
    const fd = this.#fd();
    assertEquals(this.#perf.close(fd), this.#events.delete(fd) ? 0 : -9);
  }

  reschedule(): void {
    this.#model.switchOut(this.#current);
    this.#current = this.#random.pick(this.#tasks);
    this.#model.switchIn(this.#current);
  }

  fork(): void {
    const child = FIRST_TASK + this.#tasks.length;
    this.#tasks.push(child);
    this.#model.fork(this.#current, child);
  }

  exit(): void {
    if (this.#tasks.length < 2) return;
    const gone = this.#tasks.splice(this.#random.upTo(this.#tasks.length - 1), 1)[0]!;
    this.#model.exit(gone);
    if (gone === this.#current) this.reschedule();
  }

  call(): void {
    const calls = [
      ...Array<() => void>(5).fill(() => this.open()),
      ...Array<() => void>(4).fill(() => this.advance()),
      ...Array<() => void>(4).fill(() => this.read()),
      ...Array<() => void>(3).fill(() => this.ioctl()),
      () => this.map(),
      () => this.poll(),
      () => this.close(),
      () => this.foretell(),
      () => this.reschedule(),
      () => this.fork(),
      () => this.exit(),
    ];
    this.#random.pick(calls)();
  }
}

test("the model keeps the kernel's rules, whatever it is asked and in which order", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const session = new Session(seed);
    try {
      for (let call = 0; call < CALLS; call++) session.call();
    } catch (error) {
      const reason = error instanceof Error ? error.stack : String(error);
      throw new Error(`seed ${seed}: ${reason}`, { cause: error });
    }
  }
});

test("groups run as a whole, whatever else wants counters", () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const random = new Random(seed);
    const perf = groupsOn(random);
    if (perf === undefined) continue;
    for (const group of perf.groups) {
      const words = new BigUint64Array(3);
      const times = group.map((fd) => {
        assertEquals(perf.read(fd, words), 24);
        assert(words[2]! <= words[1]!);
        return `${words[1]} ${words[2]}`;
      });
      assertEquals(new Set(times).size, 1, `seed ${seed}: ${times.join(", ")}`);
    }
  }
});

/** Groups of events that are all on, on a random host that has counters, after some time. */
function groupsOn(random: Random) {
  const profile = randomProfile(random);
  const model = createHostModel({ ...profile, kernel: { ...profile.kernel, privileged: true } });
  model.switchIn(FIRST_TASK);
  const perf = model.perfFor(FIRST_TASK);
  const open = (group: number) => {
    const config = random.pick([0n, 1n, 4n]);
    const read_format = PERF_FORMAT.TOTAL_TIME_ENABLED | PERF_FORMAT.TOTAL_TIME_RUNNING;
    using encoded = encodePerfAttr({ type: random.pick([0, 0, 1]), config, read_format });
    return perf.open(encoded.u8, 0, -1, group, 0);
  };
  const groups: [number, ...number[]][] = [];
  for (let group = random.upTo(4); group >= 0; group--) {
    const leader = open(-1);
    if (leader < 0) continue;
    const members = Array.from({ length: random.upTo(4) }, () => open(leader)).filter((fd) => fd >= 0);
    groups.push([leader, ...members]);
  }
  // All of a group have been on for the same time only from here on.
  for (const [leader] of groups) {
    for (const request of ["DISABLE", "ENABLE"] as const)
      perf.ioctl(leader, PERF_IOC[request], PERF_IOC_FLAG_GROUP);
  }
  for (let round = random.upTo(5); round >= 0; round--) {
    model.advance(FIRST_TASK, { branches: random.upTo(20_000_000) });
    perf.run([{ do: "reschedule" }]);
  }
  return groups.length === 0 ? undefined : { groups, read: perf.read };
}
