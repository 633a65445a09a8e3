/** The command line, with all commands: finds the one that is meant and runs it. `cli.ts` starts it. */
import { didYouMean } from "../../ffi/mod.ts";
import { type Command, overview } from "../args/mod.ts";
import { agent } from "../commands/agent.ts";
import { backtrace } from "../commands/backtrace.ts";
import { bisect } from "../commands/bisect.ts";
import { cache } from "../commands/cache.ts";
import { check } from "../commands/check.ts";
import { config } from "../commands/config.ts";
import { debug } from "../commands/debug.ts";
import { diff } from "../commands/diff.ts";
import { doctor } from "../commands/doctor.ts";
import { dump } from "../commands/dump.ts";
import { fetch } from "../commands/fetch.ts";
import { fleet } from "../commands/fleet.ts";
import { gdbserver } from "../commands/gdbserver.ts";
import { history } from "../commands/history.ts";
import { hunt } from "../commands/hunt.ts";
import { info } from "../commands/info.ts";
import { init } from "../commands/init.ts";
import { packCommand } from "../commands/pack.ts";
import { print as printValues } from "../commands/print.ts";
import { probe } from "../commands/probe.ts";
import { record } from "../commands/record.ts";
import { replay } from "../commands/replay.ts";
import { report } from "../commands/report.ts";
import { run } from "../commands/run.ts";
import { serve } from "../commands/serve.ts";
import { stat } from "../commands/stat.ts";
import { state } from "../commands/state.ts";
import { suites } from "../commands/suites.ts";
import { traces } from "../commands/traces.ts";
import { turns } from "../commands/turns.ts";
import { verify } from "../commands/verify.ts";
import { waits } from "../commands/waits.ts";
import { why } from "../commands/why.ts";
import { OK, UsageError } from "../errors/mod.ts";
import { print } from "../output/mod.ts";
import { applySettings } from "../settings/mod.ts";
import { quote, VERSION } from "../text/mod.ts";

const COMMANDS: readonly Command[] = [
  record,
  run,
  hunt,
  replay,
  verify,
  debug,
  gdbserver,
  backtrace,
  printValues,
  why,
  diff,
  state,
  check,
  turns,
  waits,
  dump,
  info,
  init,
  suites,
  agent,
  fleet,
  fetch,
  history,
  report,
  serve,
  doctor,
  probe,
  stat,
  bisect,
  config,
  cache,
  traces,
  packCommand,
];

/** What else may help whoever has typed no command of ours: they meant a program, perhaps. */
function otherHint(argv: readonly string[]): string {
  const isProgram = Bun.which(argv[0] ?? "") !== null;
  return isProgram
    ? `; to record it: tickproof run -- ${argv.map(quote).join(" ")}`
    : "; see 'tickproof --help'";
}

/**
 * Runs a command line.
 *
 * @param argv Its words, behind the program's name.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === "--version") {
    print(`tickproof ${VERSION} (Bun ${Bun.version})\n`);
    return OK;
  }
  if (name === "--help" || name === "-h") {
    print(overview(COMMANDS, VERSION));
    return OK;
  }
  const names = COMMANDS.map((command) => command.name);
  if (name === undefined) throw new UsageError(`which command? One of ${names.join(", ")}; or --help`);
  const command = COMMANDS.find((known) => known.name === name);
  if (command === undefined) {
    const isOption = name.startsWith("-");
    const hint = didYouMean(name, isOption ? ["--help", "--version"] : names) || otherHint(argv);
    throw new UsageError(`unknown ${isOption ? "option" : "command"} '${name}'${hint}`);
  }
  await applySettings();
  return await command.execute(rest);
}
