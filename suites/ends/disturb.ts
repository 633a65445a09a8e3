/** Disturbs runs of programs at moments that follow from a seed. */
import { join } from "node:path";
import { type Aftermath, type Blow, Victim } from "./moment.ts";

/** What happens, but for when. */
export type Kind = Omit<Blow, "after">;

/** Everything that can happen to a run. */
const KINDS: readonly Kind[] = (["record", "replay"] as const).flatMap((phase) => [
  ...(["SIGINT", "SIGTERM"] as const).flatMap((signal) =>
    (["tracer", "group"] as const).map((target) => ({ phase, signal, target })),
  ),
  { phase, signal: "SIGKILL", target: "tracer" },
  { phase, signal: "SIGKILL", target: "tracee" },
  ...(["tracer", "tracee", "group"] as const).map((target) => ({
    phase,
    signal: "SIGSTOP" as const,
    target,
  })),
]);

/** The kinds whose words match a pattern; all of them for an empty one. */
export function allBlows(pattern: string): Kind[] {
  return KINDS.filter((kind) => new RegExp(pattern).test(Object.values(kind).join(" ")));
}

/** Prints, forks, executes, waits, and computes in between; takes a second or so. */
const SCRIPT = `
  echo begin
  for i in 1 2 3 4 5 6; do
    echo line $i
    echo from a child $i | cat
    j=0; while [ $j -lt 2000 ]; do j=$((j + 1)); done
  done
  sleep 0.05
  echo end`;

/** Ignores both signals that end a run politely. */
const STUBBORN = `trap '' INT TERM\n${SCRIPT}`;

/** How much is to happen. */
export interface Plan {
  count: number;
  seed: number;
  kinds: readonly Kind[];
}

/** Lets the kinds happen in turn, each at a random moment of a run. */
export async function* disturb(
  folder: string,
  { count, seed, kinds }: Plan,
): AsyncGenerator<{ blow: Blow; aftermath: Aftermath }> {
  const victims = [
    await Victim.prepare(join(folder, "victim"), ["sh", "-c", SCRIPT]),
    await Victim.prepare(join(folder, "stubborn"), ["sh", "-c", STUBBORN]),
  ] as const;
  const random = randomFrom(seed);
  for (let i = 0; i < count; i++) {
    const kind = kinds[i % kinds.length];
    if (kind === undefined) throw new Error("there is no such kind");
    // A stubborn program takes the whole time that it is given to end.
    const victim = i % 8 === 7 ? victims[1] : victims[0];
    const blow = { ...kind, after: random() * victim.duration[kind.phase] };
    yield { blow, aftermath: await victim.suffer(blow) };
  }
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
