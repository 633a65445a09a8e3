/** Processes whose parents have died before them: whose children they become. */
import { retry, SYSCALLS, unwrap } from "../kernel/mod.ts";

/** linux/prctl.h. */
const PR_SET_CHILD_SUBREAPER = 36;

/** How many want it. */
let wanted = 0;

/**
 * Lets descendants of this process whose parents have died become its own children, so that it can wait for them, instead of
 * those of a process 1 that may never do so; or does not any more, once nobody who has asked for it wants it. Source: PR_SET_CHILD_SUBREAPER(2const).
 */
export function adoptOrphans(isOn: boolean): void {
  wanted += isOn ? 1 : -1;
  unwrap("prctl", retry(SYSCALLS.prctl, PR_SET_CHILD_SUBREAPER, wanted > 0 ? 1 : 0, 0, 0, 0));
}
