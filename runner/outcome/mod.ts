/** What a recording or a replay came to: its report as JSON, and an end of this process like that of the program. */
export { endLike, untilEnd } from "./end-like.ts";
export {
  type ErrorReport,
  type Exit,
  type RecordReport,
  type ReplayReport,
  type Report,
  readReport,
  reporting,
} from "./report.ts";
