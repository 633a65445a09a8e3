/** What a user is told of translations that can't be kept: later runs take longer, and nobody would know why. */
import { oneLine } from "../../ffi/mod.ts";
import { say } from "../output/mod.ts";

/** Says so, if there is something to say. @param trouble The first reason. */
export function tellOfTranslations(trouble: string | undefined): void {
  if (trouble === undefined) return;
  say(
    `tickproof: translations are made anew in each run, as they can't be kept (${oneLine(trouble)}): ` +
      "mend the rights of that folder, or name another one in XDG_CACHE_HOME\n",
  );
}
