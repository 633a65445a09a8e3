/**
 * Hunts each of the races, and shows which are found, how soon, how often without chaos, and whether the lines that are named are
 * those that make the race: at least one of either side. By hand: `runner/bun suites/races/run.ts [SECONDS] [NAME…]`, the seconds
 * for each of them.
 */
import type { HuntReport } from "../../runner/hunt/report.ts";
import { Scratch, TICKPROOF } from "../_tickproof.ts";
import { compileRace, RACES, sidesOf } from "./_races.ts";

const [seconds = "20", ...names] = process.argv.slice(2);
using scratch = new Scratch();

/** Seconds after which a run of a race hangs. */
const HANG = "4";

function hunt(program: string, words: readonly string[]): HuntReport {
  const command = [...TICKPROOF, "hunt", "-q", "--json", "--again", "0", "--timeout", HANG];
  const { stdout, stderr } = Bun.spawnSync([...command, ...words, "--", program], {
    env: { ...process.env, TICKPROOF_TRACES: scratch.file("traces") },
  });
  if (stdout.length === 0) throw new Error(stderr.toString());
  return JSON.parse(stdout.toString()) as HuntReport;
}

/** The lines that a hunt names: of the order that fails, or of that which passes where the first one has nothing in common. */
function linesOf({ waits, whyThen }: HuntReport["failures"][number]): string[] {
  const [failing, passing] = [whyThen?.meeting, whyThen && "turns" in whyThen ? whyThen.passing : undefined];
  const isTold = failing?.memory !== undefined || failing?.thing !== undefined;
  const { before, between, after } = (isTold ? failing : (passing ?? failing)) ?? {};
  const waiting = (waits?.tasks ?? []).flatMap((task) => [task, task.taken, ...(task.touches ?? [])]);
  const lines = [before, between, after, ...waiting].map((place) => place?.line);
  return [...new Set(lines.filter((line) => line !== undefined))];
}

const counts = { found: 0, fairly: 0, right: 0 };
const wanted = names.length > 0 ? names : RACES;
for (const name of wanted) {
  const program = await compileRace(name, scratch.path);
  const fair = hunt(program, ["--fair", "--runs", "5"]);
  const chaos = hunt(program, ["--time", seconds]);
  const [failure] = chaos.failures;
  const lines = failure === undefined ? [] : linesOf(failure);
  const isRight = sidesOf(name).every((side) => lines.some((line) => side.has(line)));
  counts.found += chaos.failed > 0 ? 1 : 0;
  counts.fairly += fair.failed > 0 ? 1 : 0;
  counts.right += isRight ? 1 : 0;
  const after = `run ${String(chaos.runs).padStart(4)}, ${chaos.seconds.toFixed(1).padStart(5)} s`;
  const end = failure === undefined ? "not found" : `seed ${failure.seed}: ${failure.why}`;
  const why = failure?.whyThen;
  const reason = why !== undefined && "reason" in why ? ` (${why.reason})` : "";
  console.log(
    `${name.padEnd(16)} ${fair.failed > 0 ? "fair" : "    "}  ${after}  ${isRight ? "right" : "     "}  ${end}; ${lines.join(" ")}${reason}`,
  );
}
const { found, fairly, right } = counts;
console.log(`${found} of ${wanted.length} found, right lines of ${right}; by fair turns ${fairly}`);
