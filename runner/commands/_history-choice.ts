/** What a person names of the history: a time, a test. */
import { didYouMean } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";

/** The test with this id, or the only one whose id has this part. @throws {UsageError} If there is none, or several. */
export function testNamed(name: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  const found = known.filter((id) => id.includes(name));
  const [only] = found;
  if (found.length === 1 && only !== undefined) return only;
  if (found.length > 1) throw new UsageError(`'${name}' is a part of several tests: ${found.join(", ")}`);
  throw new UsageError(`the history has no test '${name}'${didYouMean(name, known)}`);
}

/** What `--since` means, as ISO 8601 in UTC. @throws {UsageError} If it is no time. */
export function isoTime(text: string): string {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) {
    throw new UsageError(`--since takes a date such as 2026-11-24 or 2026-11-24T12:00Z: it is '${text}'`);
  }
  return time.toISOString();
}
