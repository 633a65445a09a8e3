/**
 * An agent: takes jobs that its host can do, one after the other and several at a time, until it is told to end. A store that
 * is away is waited for; what was done meanwhile is kept and told when it is back.
 */
import { UsageError } from "../errors/mod.ts";
import { Scratch } from "../files/mod.ts";
import type { StorePlace } from "../history/mod.ts";
import { counted } from "../text/mod.ts";
import { type Claim, claim, finish, giveBack, openQueues, renew, takeLost } from "./claims.ts";
import { isAway, reasonOf } from "./connection.ts";
import { obstacle } from "./needs.ts";
import { type Means, type Performed, perform } from "./perform.ts";
import type { AgentFacts, Needs, Progress } from "./protocol.ts";
import { type AgentOptions, beat, deregister, LEASE_SECONDS, register } from "./registration.ts";
import { fits } from "./room.ts";
import { checkProtocol, protocolOf } from "./schema.ts";
import { FleetStore, tell } from "./store.ts";
import { withTraces } from "./traces.ts";
import { Contents } from "./transfer.ts";

/** Leases are renewed three times within one. */
const BEAT_MS = (LEASE_SECONDS * 1000) / 3;
/** Notices of new jobs may be missed: the queues are looked at so often in any case. */
const POLL_MS = 5000;
/** Waits for a store that is away: the first, and the longest. */
const [FIRST_WAIT_MS, LONGEST_WAIT_MS] = [500, 30_000];
/** A host that had to give a job back takes none for a while: another one may have what it lacks. */
const REST_MS = 60_000;

/** How an agent runs. */
export interface AgentSetting extends AgentOptions {
  facts: AgentFacts;
  /** End when no job waits that this host can do. */
  once: boolean;
  /** Ends it: jobs that run may come to their end. */
  stop: AbortSignal;
  /** Ends it at once: jobs that run are given back. */
  stopNow: AbortSignal;
  /** Takes a sentence for people. */
  say: (words: string) => void;
  /** Does a job. @default as `tickproof suites` would */
  perform?: typeof perform;
}

/** Where files of jobs are on this host. */
type Place = Pick<Means, "contents" | "folder">;

interface Running {
  claim: Claim;
  abort: AbortController;
}

/** One agent, from its start to its end. */
export class Agent {
  readonly #setting: AgentSetting;
  readonly #instance = crypto.randomUUID();
  readonly #running = new Map<string, Running>();
  /** What was done and is not in the store yet. */
  readonly #outbox: { claim: Claim; performed: Performed; isEnded: boolean }[] = [];
  /** Progress is written in its order. */
  #progress: Promise<void> = Promise.resolve();
  #wake = Promise.withResolvers<void>();
  #nextBeat = 0;
  #restUntil = 0;
  #isAway = false;
  #wait = FIRST_WAIT_MS;
  #listening: AsyncDisposable | undefined;
  /** What it can't go on with; it ends behind the jobs that run. */
  #fault: UsageError | undefined;

  constructor(setting: AgentSetting) {
    this.#setting = setting;
    const wake = () => this.#wakeUp();
    setting.stop.addEventListener("abort", wake);
    setting.stopNow.addEventListener("abort", () => {
      for (const { abort } of this.#running.values()) abort.abort();
      wake();
    });
  }

  /** @throws {UsageError} If the store refuses it, or another agent has its name. */
  async run(of: StorePlace): Promise<void> {
    const store = await this.#open(of);
    if (store === undefined) return;
    await using _ = store;
    using folder = new Scratch("agent");
    const place = { contents: new Contents(folder.file("contents")), folder: folder.path };
    try {
      await this.#serve(store, place);
    } finally {
      await this.#listening?.[Symbol.asyncDispose]();
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  get #isStopping(): boolean {
    return this.#setting.stop.aborted || this.#setting.stopNow.aborted || this.#fault !== undefined;
  }

  /** Opens the store, however long it is away; undefined if it was told to end meanwhile. */
  async #open(place: StorePlace): Promise<FleetStore | undefined> {
    const warn = (words: string) => this.#setting.say(words);
    while (!this.#isStopping) {
      try {
        return await FleetStore.open(place, { upkeep: true, warn });
      } catch (error) {
        if (!(error instanceof UsageError) || !isAway(error.cause)) throw error;
        await this.#waitForStore(error.cause);
      }
    }
    return undefined;
  }

  async #serve(store: FleetStore, place: Place): Promise<void> {
    const { name, say, facts } = this.#setting;
    let isRegistered = false;
    while (!this.#isStopping || this.#running.size + this.#outbox.length > 0) {
      this.#wake = Promise.withResolvers();
      try {
        if (!isRegistered) {
          await register(store, this.#setting, this.#instance, facts);
          isRegistered = true;
          say(
            `agent '${name}' waits for jobs in ${store.name}, ${counted(this.#setting.slots, "job")} at a time`,
          );
        }
        this.#listening ??= await this.#listen(store);
        const idle = await this.#turn(store, place);
        if (this.#isAway) say("the store is back");
        [this.#isAway, this.#wait] = [false, FIRST_WAIT_MS];
        if (this.#setting.once && idle) break;
        await this.#sleep(POLL_MS);
      } catch (error) {
        if (!isAway(error)) throw store.error(error);
        // Nobody gets the jobs of one that ends before its lease is over; then others get them without it.
        if (this.#isStopping && this.#running.size === 0) break;
        await this.#waitForStore(error);
      }
    }
    await this.#progress;
    if (isRegistered && !this.#isAway) await deregister(store, name, this.#instance);
  }

  /** Does what is due. @returns Whether there is nothing to do, and nothing was found. */
  async #turn(store: FleetStore, place: Place): Promise<boolean> {
    await this.#deliver(store);
    if (performance.now() >= this.#nextBeat) await this.#beat(store);
    const taken = this.#isStopping ? 0 : await this.#takeJobs(store, place);
    return taken === 0 && this.#running.size + this.#outbox.length === 0;
  }

  async #beat(store: FleetStore): Promise<void> {
    const { name, say } = this.#setting;
    try {
      checkProtocol(await protocolOf(store), store.name);
      await beat(store, name, this.#instance);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      this.#fault ??= error;
    }
    const done = this.#outbox.map(({ claim: { token } }) => token);
    const mine = await renew(store, [...this.#running.keys(), ...done]);
    for (const [token, { claim: lost, abort }] of this.#running) {
      if (mine.has(token) || abort.signal.aborted) continue;
      say(`job ${wordsOf(lost)} was cancelled, or given to another agent: it is ended here`);
      abort.abort();
    }
    const lost = await takeLost(store);
    if (lost > 0)
      say(`${counted(lost, "job")} of agents that are gone ${lost === 1 ? "waits" : "wait"} again`);
    this.#nextBeat = performance.now() + BEAT_MS;
  }

  /** Takes as many jobs as there is room for. @returns How many. */
  async #takeJobs(store: FleetStore, place: Place): Promise<number> {
    if (performance.now() < this.#restUntil) return 0;
    let taken = 0;
    for (const queue of await openQueues(store)) {
      if (obstacle(queue.needs, this.#setting) !== undefined) continue;
      // What is done is told before more is taken: an agent that is lost takes little with it.
      while (!this.#isStopping && this.#outbox.length === 0 && this.#fits(queue.needs)) {
        const claimed = await claim(store, queue, this.#setting.name);
        if (claimed === undefined) break;
        taken++;
        if (claimed !== "none") void this.#do(store, place, claimed);
      }
    }
    return taken;
  }

  #fits(needs: Needs): boolean {
    const running = [...this.#running.values()].map(({ claim: { needs: taken } }) => taken);
    return fits(needs, running, this.#setting.slots);
  }

  async #do(store: FleetStore, place: Place, claimed: Claim): Promise<void> {
    const abort = new AbortController();
    this.#running.set(claimed.token, { claim: claimed, abort });
    let performed: Performed;
    try {
      const onProgress = (progress: Progress) => this.#tell(store, claimed, progress);
      performed = await (this.#setting.perform ?? perform)(claimed, {
        store,
        ...place,
        agent: this.#setting.name,
        onProgress,
        abort: abort.signal,
      });
      if ("result" in performed) performed = await withTraces(store, performed.result, place.folder);
    } catch (error) {
      // What the store has thrown while the bundle was fetched: it may be away, or the job may be at fault.
      performed = { returned: reasonOf(error) };
    }
    this.#running.delete(claimed.token);
    this.#outbox.push({ claim: claimed, performed, isEnded: abort.signal.aborted });
    this.#wakeUp();
  }

  #tell(store: FleetStore, { run, job }: Claim, progress: Progress): void {
    this.#progress = this.#progress.then(async () => {
      try {
        await store.rows("INSERT INTO progress (run, job, event) VALUES ($1, $2, $3)", [
          run,
          job,
          JSON.stringify(progress),
        ]);
        await tell(store, `run ${run}`);
      } catch (error) {
        // It is for those who watch, and nothing is counted by it. A run that was removed needs none either.
        this.#setting.say(`progress of a job is not shown: ${reasonOf(error)}`);
      }
    });
  }

  /** Tells the store what was done, one job after the other; what it did not take stays. */
  async #deliver(store: FleetStore): Promise<void> {
    const { say } = this.#setting;
    for (let next = this.#outbox[0]; next !== undefined; next = this.#outbox[0]) {
      const { claim: claimed, performed, isEnded } = next;
      await this.#progress;
      if ("result" in performed) {
        const counts = await finish(store, claimed, performed.result, performed.traces);
        const verdicts = performed.result.attempts.map(({ verdict }) => verdict.kind).join(", ");
        say(`job ${wordsOf(claimed)}: ${counts ? verdicts : "its lease was lost, the result is dropped"}`);
      } else {
        await giveBack(store, claimed, performed.returned);
        say(`job ${wordsOf(claimed)} is given back: ${performed.returned}`);
        if (!isEnded) this.#restUntil = performance.now() + REST_MS;
      }
      this.#outbox.shift();
    }
  }

  async #listen(store: FleetStore): Promise<AsyncDisposable> {
    const onNotice = (words: string) => {
      if (words === "cancel") this.#nextBeat = 0;
      if (words === "work" || words === "cancel") this.#wakeUp();
    };
    const onBroken = () => {
      this.#listening = undefined;
      this.#wakeUp();
    };
    return await store.listen(onNotice, onBroken);
  }

  async #waitForStore(error: unknown): Promise<void> {
    if (!this.#isAway) this.#setting.say(`the store is away (${reasonOf(error)}): waiting for it`);
    this.#isAway = true;
    // Not all agents of a fleet come back in one moment.
    const wait = this.#wait * (0.5 + Math.random() / 2);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS);
    const over = Promise.withResolvers<void>();
    const timer = setTimeout(over.resolve, wait);
    this.#setting.stop.addEventListener("abort", () => over.resolve(), { once: true });
    this.#setting.stopNow.addEventListener("abort", () => over.resolve(), { once: true });
    await over.promise;
    clearTimeout(timer);
  }

  /** Waits until there is something to do. */
  async #sleep(most: number): Promise<void> {
    const timer = setTimeout(
      () => this.#wakeUp(),
      Math.max(0, Math.min(most, this.#nextBeat - performance.now())),
    );
    await this.#wake.promise;
    clearTimeout(timer);
  }

  #wakeUp(): void {
    this.#wake.resolve();
  }
}

const wordsOf = ({ spec, job }: Claim): string => ("fault" in spec ? job : `${spec.test} #${spec.number}`);
