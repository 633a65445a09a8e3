/** Tasks that were asleep in the kernel, and were woken by what was recorded last. */
import { yieldProcessor } from "../../ffi/mod.ts";
import type { RecordedTask } from "./recorded-task.ts";
import type { Recording } from "./recording.ts";
import { sleepKind } from "./sleepers.ts";
import { StatFiles } from "./stat-files.ts";

/**
 * Most sleeping tasks of which each is looked at after every call that may have woken it: a look takes some 3 µs. Of
 * more than that only those are whose calls write memory, which others could see change before its event.
 */
const MOST_WATCHED = 8;

/** Has them come out before anybody else goes on. */
export class WokenTasks implements Disposable {
  readonly #states = new StatFiles();

  /** @param takeStops Acts on what tasks that are in the kernel have come to. */
  constructor(
    private readonly recording: Recording,
    private readonly takeStops: () => void,
  ) {}

  /**
   * Gives them the time to come out. Until they have, nobody runs: what they do there takes effect now, and has its events
   * here. While somebody may be woken afterwards, there are some left.
   */
  letEnd(): void {
    const { recording } = this;
    const { woken } = recording;
    const isAsleep = (task: RecordedTask) => task.state === "blocked" && (sleepKind(task) & woken) !== 0;
    recording.woken = 0;
    if (!recording.tasks.values().some(isAsleep)) return;
    yieldProcessor();
    this.takeStops();
    const asleep = [...recording.tasks.values()].filter(isAsleep);
    const watched = asleep.length <= MOST_WATCHED ? asleep : asleep.filter(({ hasOutputs }) => hasOutputs);
    if (watched.some(({ tid }) => this.#states.isAwake(tid))) recording.woken |= woken;
  }
  [Symbol.dispose](): void {
    this.#states[Symbol.dispose]();
  }
}
