/** Where the history is: `$TICKPROOF_HISTORY`, else what the settings say, else in the folder tickproof is used in. */
import { resolve } from "node:path";

let configured: string | undefined;

/** Sets the history's file, if the environment does not say. */
export function configureHistory(path: string): void {
  configured = resolve(path);
}

/** The history's file. */
export function historyPath(): string {
  return resolve(process.env.TICKPROOF_HISTORY || (configured ?? ".tickproof/history.sqlite"));
}
