/** Errors that are the user's to mend, and the exit codes of all that can be wrong. */
export {
  describeError,
  type Fault,
  faultOf,
  isUserError,
  ManifestError,
  NothingMatched,
  UsageError,
} from "./errors.ts";
export {
  BAD_MANIFEST,
  BROKEN,
  EXIT_CODES,
  FAILED,
  INTERNAL,
  NOTHING_MATCHED,
  OK,
  REQUIRED_SKIPPED,
  SIGNAL_BASE,
  USAGE,
} from "./exit-codes.ts";
