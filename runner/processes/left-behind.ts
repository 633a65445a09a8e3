/** Processes that a program has left behind when it ended: a leak, which the next test would have to live with. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/**
 * What marks a program and all that it starts, a variable of its environment: a daemon leaves the session and closes the
 * outputs, but mostly keeps that. Values are of one length, so that the program's memory is laid out alike each time.
 */
const MARK = "TICKPROOF_RUN_MARK";

/** A new mark. @returns A variable for the environment. */
export function newMark(): Record<string, string> {
  return { [MARK]: crypto.randomUUID() };
}

/** A process that is still there. */
export interface LeftProcess {
  pid: number;
  /** As proc(5) has it, in words. */
  command: string;
}

/**
 * Finds what is left of a program that has led a session of its own.
 *
 * @param session Its process id.
 * @param outputs Files that only it and what it has started write to: also a daemon, which leaves the session, may keep them.
 * @param mark What was in its environment, and in nobody else's.
 */
export function leftBehind(
  session: number,
  outputs: readonly string[],
  mark: Readonly<Record<string, string>> = {},
): LeftProcess[] {
  const marks = Object.entries(mark).map(([name, value]) => `${name}=${value}`);
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const pid = Number(name);
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        // Behind the name in parentheses: state, parent, group, session.
        const [state, , , of] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        if (state === "Z") return [];
        if (Number(of) !== session && !writesTo(name, outputs) && !isMarked(name, marks)) return [];
        const words = readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0").filter(Boolean);
        return [
          { pid, command: words.join(" ") || stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")) },
        ];
      } catch {
        return []; // it ended meanwhile, or is another user's
      }
    });
}

function isMarked(pid: string, marks: readonly string[]): boolean {
  if (marks.length === 0) return false;
  const variables = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
  return marks.every((mark) => variables.includes(mark));
}

function writesTo(pid: string, outputs: readonly string[]): boolean {
  return [1, 2].some((fd) => {
    try {
      return outputs.includes(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false; // it is closed, or not for us to see
    }
  });
}
