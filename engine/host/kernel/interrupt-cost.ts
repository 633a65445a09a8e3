/**
 * How long the handlers of counters take, and what the kernel does when that is too long: it lowers its sampling
 * rate, and says so. In a guest each access to a counter leaves for the hypervisor, and now and then the whole virtual
 * processor has to wait for another one.
 * Source: Linux 6.18, kernel/events/core.c (perf_sample_event_took, update_perf_cpu_limits,
 * perf_cpu_time_max_percent_handler, perf_event_max_sample_rate_handler), arch/x86/kernel/nmi.c (nmi_check_duration).
 */
import { ERRNO } from "../../../ffi/mod.ts";
import type { Noise } from "../pmu/skid.ts";
import type { HostProfile } from "../profile.ts";
import { isAtLeast } from "../release.ts";

/** Ticks of the kernel in a second, and what one takes in ns. */
export const HZ = 250;
export const TICK_NS = 1_000_000_000 / HZ;

/** A handler on hardware, and the exits of one in a guest, in ns. */
const ON_HARDWARE_NS = 1_500;
const IN_GUEST_NS = 25_000;
/** One handler of so many waits for the virtual processor to be scheduled again. */
const PREEMPTED_ONE_OF = 64;
const PREEMPTED_NS = 5_000_000;
/** NR_ACCUMULATED_SAMPLES: the average is one of so many. */
const ACCUMULATED = 128;
/** From here on an NMI handler is told of, and then only when it takes longer than the longest so far. */
const NMI_LONGEST_NS = 1_000_000;
/** Since 4.10 the line has a colon (commit 0d87d7ec22a5). */
const COLON_RELEASE = [4, 10] as const;

export class InterruptCost {
  readonly #noise: Noise;
  readonly #guest: boolean;
  readonly #colon: boolean;
  #percent: number;
  readonly #log: (line: string) => void;
  #sampleRate: number;
  #samplesPerTick: number;
  #allowed = 0;
  #accumulated = 0;
  #longest = NMI_LONGEST_NS;

  /** @param log Logs a line to the kernel's log. */
  constructor({ kernel, hypervisor }: HostProfile, noise: Noise, log: (line: string) => void) {
    this.#noise = noise;
    this.#guest = hypervisor.kind !== "none";
    this.#colon = isAtLeast(kernel.release, COLON_RELEASE);
    this.#percent = kernel.perfCpuTimeMaxPercent;
    this.#log = log;
    this.#sampleRate = kernel.perfEventMaxSampleRate;
    this.#samplesPerTick = Math.ceil(this.#sampleRate / HZ);
    this.#updateLimits();
  }

  /** What a handler may take on average: a share of the time between two samples. */
  #updateLimits(): void {
    this.#allowed = Math.floor(((1_000_000_000 / this.#sampleRate) * this.#percent) / 100);
  }

  /** Whether handlers are timed at all: 0 and 100 switch that off. */
  get #checked(): boolean {
    return this.#percent !== 0 && this.#percent !== 100;
  }

  /** `kernel.perf_cpu_time_max_percent` of now. */
  get cpuTimeMaxPercent(): number {
    return this.#percent;
  }

  /** Somebody writes `kernel.perf_cpu_time_max_percent`. */
  setCpuTimeMaxPercent(percent: number): void {
    this.#percent = percent;
    if (this.#checked) this.#updateLimits();
    else
      this.#log(
        `${this.#colon ? "perf:" : "perf"} Dynamic interrupt throttling disabled, can hang your system!`,
      );
  }

  /** Somebody writes `kernel.perf_event_max_sample_rate`. @returns 0, or −EINVAL where handlers aren't timed. */
  setSampleRate(rate: number): number {
    if (!this.#checked) return -ERRNO.EINVAL;
    this.#sampleRate = rate;
    this.#samplesPerTick = Math.ceil(rate / HZ);
    this.#updateLimits();
    return 0;
  }

  /** `kernel.perf_event_max_sample_rate` of now. */
  get sampleRate(): number {
    return this.#sampleRate;
  }

  /** Interrupts of one event that are taken within a tick. */
  get samplesPerTick(): number {
    return this.#samplesPerTick;
  }

  /** One handler has run. @returns Nanoseconds that it has taken. */
  handled(): number {
    const waited = this.#guest && this.#noise.upTo(PREEMPTED_ONE_OF - 1) === 0;
    const took = (this.#guest ? IN_GUEST_NS : ON_HARDWARE_NS) + (waited ? PREEMPTED_NS : 0);
    this.#checkRate(took);
    if (took > this.#longest) {
      this.#longest = took;
      const milliseconds = (took / 1_000_000).toFixed(3);
      this.#log(`INFO: NMI handler (perf_event_nmi_handler) took too long to run: ${milliseconds} msecs`);
    }
    return took;
  }

  #checkRate(took: number): void {
    if (!this.#checked) return;
    this.#accumulated += took - Math.floor(this.#accumulated / ACCUMULATED);
    const average = Math.floor(this.#accumulated / ACCUMULATED);
    if (average <= this.#allowed) return;
    const before = this.#allowed;
    this.#allowed = average + Math.floor(average / 4);
    const budget = Math.floor(TICK_NS / 100) * this.#percent;
    this.#samplesPerTick = this.#allowed < budget ? Math.floor(budget / this.#allowed) : 1;
    this.#sampleRate = this.#samplesPerTick * HZ;
    const colon = this.#colon ? "perf:" : "perf";
    this.#log(
      `${colon} interrupt took too long (${average} > ${before}), lowering kernel.perf_event_max_sample_rate to ${this.#sampleRate}`,
    );
  }
}
