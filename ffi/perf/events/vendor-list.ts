/**
 * Vendors' lists of events in `data/`: a line for each event, with its name, its PMU and the terms that select it. They
 * are read when a name is asked for that no other table has. Those in `data/relatives/` are of servers whose cores have a
 * list already; nothing reads them but a test.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { EventList } from "./origins.ts";

const FOLDER = join(import.meta.dir, "data");

/** An event of a list, as its vendor writes its name. */
export interface VendorEvent {
  readonly name: string;
  readonly unit: string;
  /** "event=0xc4,umask=0x11". */
  readonly terms: string;
}

/** A list with the file and version that it comes from. */
export interface VendorList {
  readonly origin: string;
  readonly events: readonly VendorEvent[];
}

const lists = new Map<string, VendorList>();

/**
 * Reads a list, once.
 *
 * @param name File name without its ending.
 * @throws Error for a line that is not of the format: lists come with tickproof.
 */
export function vendorList(name: string): VendorList {
  const known = lists.get(name);
  if (known) return known;
  const [origin = "", ...lines] = readFileSync(join(FOLDER, `${name}.tsv`), "utf8")
    .trimEnd()
    .split("\n");
  const events = lines.map((line, index) => {
    const [event, unit, terms, ...more] = line.split("\t");
    if (!event || !unit || !terms || more.length > 0) {
      throw new Error(
        `${name}.tsv:${index + 2} is no line of event, unit and terms: current value is '${line}'`,
      );
    }
    return { name: event, unit, terms };
  });
  const list = { origin: origin.replace(/^#\s*/, ""), events };
  lists.set(name, list);
  return list;
}

/** The events of one core. */
export function vendorEvents({ list, unit }: EventList): readonly VendorEvent[] {
  return vendorList(list).events.filter((event) => event.unit === unit);
}

/**
 * Looks an event up as perf names it, or libpfm: `BR_INST_RETIRED.COND`, in any letters, or `BR_INST_RETIRED:COND`.
 *
 * @returns The event, or undefined.
 */
export function findVendorEvent(list: EventList, name: string): VendorEvent | undefined {
  const wanted = name.toLowerCase().replace(":", ".");
  return vendorEvents(list).find((event) => event.name.toLowerCase() === wanted);
}

/** Code of terms as `cores.ts` writes it; bits other than event and umask are left out. */
export function codeOf(terms: string, vendor: "Intel" | "AMD" | "aarch64"): bigint {
  const term = (key: string) => BigInt(new RegExp(`(?:^|,)${key}=(0x[0-9a-f]+)`).exec(terms)?.[1] ?? 0);
  const [event, umask] = [term("event"), term("umask")];
  if (vendor === "aarch64") return event;
  const upper = vendor === "AMD" ? (event >> 8n) << 32n : (umask >> 8n) << 40n;
  return (event & 0xffn) | ((umask & 0xffn) << 8n) | upper;
}
