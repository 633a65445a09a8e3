/**
 * Where tickproof starts. Recordings and replays run from compiled code where that is there and still what the
 * sources say: some 200 modules cost 50 ms to load one by one, a tenth of what recording a short program takes.
 */
import { compiledEntry } from "./compiled/current.ts";

const argv = process.argv.slice(2);
const compiled = compiledEntry(argv);
if (compiled !== undefined) {
  await import(compiled);
} else {
  const [{ main }, { endWith }] = await Promise.all([import("./command-line.ts"), import("./main.ts")]);
  await endWith(() => main(argv));
}
