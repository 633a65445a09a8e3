/** What is compiled: the command line with the two commands that are run most, and the engine. */
import { ownArguments } from "../../ffi/mod.ts";
import { record } from "../commands/record.ts";
import { replay } from "../commands/replay.ts";
import { applySettings } from "../settings/mod.ts";
import { endWith } from "../start/mod.ts";

const [name, ...rest] = ownArguments(process.argv.slice(2));

void endWith(async () => {
  await applySettings();
  return await (name === "record" ? record : replay).execute(rest);
});
