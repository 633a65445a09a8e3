/** What a sampler has missed: records that found no room in its ring, and times in which the kernel let it stand still. */
import type { PerfRecord } from "./record.ts";

/** How much of what was to be sampled is there. */
export interface SamplingLosses {
  /** Samples that were drained. */
  readonly samples: number;
  /** Records that are missing: those that nothing has been told of yet are among them, if the kernel counts them. */
  readonly lost: bigint;
  /**
   * Whether `lost` is all of it: kernels before 6.0 have no PERF_FORMAT_LOST, and tell of a loss with the next record that
   * finds room only.
   */
  readonly complete: boolean;
  /** How often the kernel has stopped the event for its many interrupts: what happens then is in no sample and no loss. */
  readonly throttled: number;
  /** Lost ÷ (drained + lost), 0 to 1. */
  readonly share: number;
}

/** Adds losses up, record by record. */
export class LossTally {
  #samples = 0;
  /** Told by LOST records, which the kernel counts as well; and by LOST_SAMPLES, which it does not. */
  #told = 0n;
  #dropped = 0n;
  #throttled = 0;
  readonly #onLoss: ((lost: bigint, total: bigint) => void) | undefined;

  /** @param onLoss Told of each loss that a record tells of, and of all so far. */
  constructor(onLoss?: (lost: bigint, total: bigint) => void) {
    this.#onLoss = onLoss;
  }

  /** Takes a record into account. */
  add(record: PerfRecord): void {
    switch (record.kind) {
      case "sample":
        this.#samples++;
        break;
      case "throttle":
        this.#throttled++;
        break;
      case "lost":
        this.#told += record.lost;
        this.#onLoss?.(record.lost, this.#told + this.#dropped);
        break;
      case "lost-samples":
        this.#dropped += record.lost;
        this.#onLoss?.(record.lost, this.#told + this.#dropped);
        break;
    }
  }

  /** @param counted What the kernel has counted; undefined where it does not. */
  losses(counted: bigint | undefined): SamplingLosses {
    const ring = counted !== undefined && counted > this.#told ? counted : this.#told;
    const lost = ring + this.#dropped;
    const all = this.#samples + Number(lost);
    return {
      samples: this.#samples,
      lost,
      complete: counted !== undefined,
      throttled: this.#throttled,
      share: all === 0 ? 0 : Number(lost) / all,
    };
  }
}

/** In words what is missing, and what to do; undefined where nothing is. */
export function describeLosses({
  samples,
  lost,
  complete,
  throttled,
  share,
}: SamplingLosses): string | undefined {
  const parts = [
    ...(lost > 0n
      ? [
          `${complete ? "" : "at least "}${lost} of ${BigInt(samples) + lost} records were lost (${(share * 100).toFixed(1)} %), ` +
            "as the ring was full: drain it more often, make it larger ('pages'), or sample less often",
        ]
      : []),
    ...(throttled > 0
      ? [
          `the kernel stopped the event ${throttled} times, as it interrupted too often: sample less often, or raise ` +
            "kernel.perf_event_max_sample_rate",
        ]
      : []),
  ];
  return parts.length === 0 ? undefined : parts.join("; ");
}
