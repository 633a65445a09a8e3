/**
 * What rr says when it gives up, in one line. rr writes the place in its source, the task, the assertion, the tail
 * of the trace and a backtrace; what a reader of a report needs is in one of these lines.
 * Source of the forms: rr's src/log.cc, src/ReplaySession.cc (check_ticks_consistency), src/Registers.cc.
 */

/** rr's complaint. */
export interface Complaint {
  /** An assertion of rr's does not hold (in a replay that is a divergence); else rr can't go on here. */
  readonly kind: "assertion" | "refusal";
  readonly text: string;
}

/** "[FATAL ./src/PerfCounters.cc:306:start_counter()] ". */
const PLACE = /^\[(FATAL|ERROR|WARN|INFO|EMERGENCY)[^\]]*\]\s*/;
/** " (task 3156 (rec:3155) at time 345)". */
const AT_TIME = /\(task .* at time (\d+)\)/;
/** " -> Assertion `ticks_now == trace_ticks' failed to hold. ticks mismatch for …". */
const ASSERTION = /-> Assertion `(.*?)' failed to hold\.\s*(.*)/;
/** Behind the first complaint rr may complain of its own end. */
const NOT_INTERACTIVE = "session doesn't look interactive";

/**
 * Finds what rr gave up for.
 *
 * @param log What rr has written to its log or to standard error.
 * @returns The complaint; undefined if there is none.
 */
export function findComplaint(log: string): Complaint | undefined {
  const lines = log.split("\n").map((line) => line.trim());
  const fatal = lines.findIndex((line) => line.startsWith("[FATAL") && !line.includes(NOT_INTERACTIVE));
  if (fatal < 0) return undefined;
  const told = lines.slice(fatal);
  const assertion = told.map((line) => ASSERTION.exec(line)).find((match) => match !== null);
  if (assertion) {
    const [, condition = "", message = ""] = assertion;
    const event = told.map((line) => AT_TIME.exec(line)?.[1]).find((time) => time !== undefined);
    const differing = lines.slice(0, fatal).filter((line) => /^\[ERROR .*mismatch/.test(line));
    const parts = [message || `assertion '${condition}' does not hold`, ...differing.map(withoutPlace)];
    return {
      kind: "assertion",
      text: `${parts.join("; ")}${event === undefined ? "" : ` (event ${event})`}`,
    };
  }
  const text = told.map(withoutPlace).find((line) => line !== "") ?? "it gave no reason";
  return { kind: "refusal", text };
}

/** A line of rr's without the place in its source. */
export function withoutPlace(line: string): string {
  return line.replace(PLACE, "");
}
