/** Ticks of the time-stamp counter as nanoseconds. */
import { rdtsc } from "../../ffi/mod.ts";

/** Starts to compare the counter with the clock; what is returned gives the nanoseconds of a tick so far. */
export function startTickRate(): () => number {
  const [tsc, clock] = [rdtsc(), Bun.nanoseconds()];
  return () => (Bun.nanoseconds() - clock) / Number(rdtsc() - tsc);
}

/** Ticks between neighbouring stamps; they wrap around at 2^32. */
export function intervals(stamps: Uint32Array, count: number): number[] {
  return Array.from({ length: count }, (_, index) => (stamps[index + 1] - stamps[index]) >>> 0);
}
