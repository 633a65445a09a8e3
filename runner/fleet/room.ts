/** How much of a host is free for jobs, by the rules that a run on one machine has: weights, being alone, exclusive names. */
import type { Needs } from "./protocol.ts";

type Demand = Pick<Needs, "weight" | "alone" | "exclusive">;

/**
 * Whether a job can begin beside those that run.
 *
 * @param slots Room of the host.
 */
export function fits(job: Demand, running: readonly Demand[], slots: number): boolean {
  const weightOf = ({ weight, alone }: Demand) => (alone ? slots : Math.min(weight, slots));
  const used = running.reduce((sum, other) => sum + weightOf(other), 0);
  if (used + weightOf(job) > slots) return false;
  const taken = new Set(running.flatMap(({ exclusive }) => exclusive));
  return !job.exclusive.some((name) => taken.has(name));
}
