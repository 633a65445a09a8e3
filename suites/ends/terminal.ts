/** Recordings at a real terminal: keys that interrupt, quit and stop the jobs of a shell, natively, recorded and replayed. */
import { join } from "node:path";
import { run, TICKPROOF } from "../_tickproof.ts";
import { compiled } from "../hostile/_observe.ts";
import { leftBehind } from "./session.ts";

/** The job that takes its time to end, on a busy machine maybe too long, and what it has printed by then. */
const PATIENT = "it handles Ctrl-C";
const PRESSED = "press C\r\n";

/** What a job does, and which key it has pressed (`terminal.c`). */
const JOBS: Readonly<Record<string, string>> = {
  "Ctrl-C ends it": "echo press C; while :; do :; done",
  "Ctrl-C while it reads from the terminal": "echo press C; read line",
  [PATIENT]: "trap 'echo caught; exit 7' INT; echo press C; while :; do :; done",
  "Ctrl-\\ ends it": "echo 'press \\'; while :; do :; done",
  "Ctrl-Z stops it, and it is continued":
    "trap 'echo continued; exit 9' CONT; echo press Z; while :; do :; done",
  "its child is stopped with it":
    "trap 'exit 8' CONT; sh -c 'echo press Z; while :; do :; done' & wait; kill -9 $!; wait",
};

/** What came of a job. */
export interface AtTerminal {
  job: string;
  faults: string[];
}

/** Runs each job natively, recorded and replayed; recorded it has to end and to print as natively, and to replay so. */
export async function* atTerminal(folder: string): AsyncGenerator<AtTerminal> {
  const terminal = await compiled("../ends/terminal.c", join(folder, "compiled"));
  const environment = { XDG_CACHE_HOME: join(folder, "cache"), TICKPROOF_TRACES: join(folder, "traces") };
  for (const [at, [job, script]] of Object.entries(JOBS).entries()) {
    const trace = join(folder, `trace${at}`);
    const words = ["sh", "-c", script];
    const native = run([terminal, ...words], { environment });
    const recorded = run([terminal, ...TICKPROOF, "record", "-q", "-o", trace, "--", ...words], {
      environment,
    });
    const replayed = run([...TICKPROOF, "replay", "-q", trace], { environment });
    const [expected, got] = [native, recorded].map(({ exit, stdout }) => ({
      exit,
      ...split(String(stdout)),
    }));
    if (expected === undefined || got === undefined) throw new Error("two runs were to be compared");
    const faults = await leftBehind(folder, got.session);
    const shown = ({ exit, output, stops }: typeof got): string => JSON.stringify([exit, output, stops]);
    // One that has not ended two seconds after it was told to is ended; its trace is cut there.
    const isEnded = job === PATIENT && shown(got) === JSON.stringify([{ code: 130 }, PRESSED, 0]);
    if (!isEnded) {
      if (shown(expected) !== shown(got)) faults.push(`natively ${shown(expected)}, recorded ${shown(got)}`);
      // The shell says 128 and the signal of a job that has died of one.
      const end = "code" in replayed.exit ? replayed.exit.code : 128 + replayed.exit.signal;
      const isSame = "code" in got.exit && end === got.exit.code;
      if (!isSame || replayed.stderr !== "") faults.push(`replayed ${end}, ${replayed.stderr}`);
    }
    yield { job, faults };
  }
}

/** What a job has printed, without the keys that the terminal shows, and what is said of it at last. */
function split(text: string): { output: string; stops: number; session: number } {
  const [all = "", stops, session] = /^(.*?)stops: (\d+), session (\d+)\r\n$/s.exec(text)?.slice(1) ?? [text];
  return { output: all.replace(/\^[A-Z\\]/g, ""), stops: Number(stops), session: Number(session) };
}
