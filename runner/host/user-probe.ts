/**
 * Probes of a user's own: a file whose default export says what it is called and how it finds out. Once loaded it is a
 * capability like those of `probes/`: manifests may name it, and `tickproof probe` shows it.
 */
import { existsSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Counter, didYouMean, type HostFacts, oneLine } from "../../ffi/mod.ts";
import { UsageError } from "../errors/mod.ts";
import { PROBES } from "./probes/mod.ts";
import type { Capabilities, Execution, Finding, Host, Numbers, Probe } from "./types.ts";

/** What a probe of a user's own can ask. */
export interface ProbeTools extends HostFacts {
  /** "live", or the name of a described host: programs can't be run on that. */
  readonly host: string;
  /** Lines of the kernel's log; undefined where they can't be read. */
  kernelLog(): readonly string[] | undefined;
  /** Runs a program of the host in an empty folder; undefined where that can't be. */
  execute(command: readonly string[]): Execution | undefined;
  /** What another probe has found; it must be among the probe's `needs` or `uses`. */
  finding(capability: string): Finding;
  /**
   * Counts an event over so many conditional branches, run without anything between.
   *
   * @param event Its name, as `tickproof stat -e` takes it: "retired-conditional-branches:u".
   * @returns The count, or why there is none.
   */
  count(event: string, branches: number): number | string;
}

/** A probe of a user's own, as its file exports it. */
export interface UserProbe {
  /** Name of the capability: small letters, digits and hyphens. */
  readonly name: string;
  /** What `yes` means, in a line. */
  readonly title: string;
  /** Whether `no` is bad news, `yes` is, or neither. @default "fact" */
  readonly kind?: Probe["kind"];
  /** What to do about bad news. @default "" */
  readonly remedy?: string;
  /** Where the knowledge comes from. @default the file */
  readonly source?: string;
  /** Capabilities that must be so before it is run. @default none */
  readonly needs?: Readonly<Record<string, "yes" | "no">>;
  /** Further ones whose findings it looks at. @default none */
  readonly uses?: readonly string[];
  /** Finds out. @returns The state, with the evidence in one line. */
  run(tools: ProbeTools): Finding;
}

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const KINDS: readonly string[] = ["good", "harmful", "fact"] satisfies Probe["kind"][];
const STATES: readonly string[] = ["yes", "no", "unknown"] satisfies Finding["state"][];
const KEYS: readonly string[] = [
  "name",
  "title",
  "kind",
  "remedy",
  "source",
  "needs",
  "uses",
  "run",
] satisfies (keyof UserProbe)[];

const loaded = new Map<string, { readonly probe: Probe; readonly path: string }>();

/** The probes that were loaded so far. */
export function userProbes(): readonly Probe[] {
  return [...loaded.values()].map(({ probe }) => probe);
}

/**
 * Loads a probe, once.
 *
 * @param path Its file.
 * @returns The probe, which is a capability from now on.
 * @throws {UsageError} For a file that is missing, can't be loaded, or exports no probe.
 */
export function loadUserProbe(path: string): Probe {
  const absolute = resolve(path);
  for (const known of loaded.values()) if (known.path === absolute) return known.probe;
  const shown = relative(process.cwd(), absolute);
  if (!existsSync(absolute)) throw new UsageError(`cannot read the probe '${shown}': there is no such file`);
  let given: unknown;
  try {
    given = require(absolute).default;
  } catch (error) {
    throw new UsageError(`cannot load the probe '${shown}': ${messageOf(error)}`);
  }
  const probe = toProbe(given, shown);
  const other = loaded.get(probe.name);
  if (other) {
    throw new UsageError(
      `the probe '${shown}' is named '${probe.name}' as '${relative(process.cwd(), other.path)}' is: rename one`,
    );
  }
  loaded.set(probe.name, { probe, path: absolute });
  return probe;
}

function messageOf(error: unknown): string {
  return oneLine(error instanceof Error ? error.message : String(error));
}

/** Whether a value is an object whose values are all of some kind. */
function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What is wrong with what a file exports; undefined if it is a probe. */
function fault(given: unknown): string | undefined {
  if (!isRecord(given)) return "its default export must be an object with 'name', 'title' and 'run'";
  const { name, title, kind = "fact", remedy = "", source = "", needs = {}, uses = [], run } = given;
  const unknown = Object.keys(given).find((key) => !KEYS.includes(key));
  if (unknown !== undefined)
    return `it has no key '${unknown}'${didYouMean(unknown, KEYS) || `: keys are ${KEYS.join(", ")}`}`;
  if (typeof name !== "string" || !NAME.test(name))
    return `'name' must have small letters, digits and hyphens: current value is '${String(name)}'`;
  if (PROBES.some((probe) => probe.name === name))
    return `'name' must be another one than that of tickproof's own probe '${name}'`;
  if (typeof title !== "string" || title.trim() === "") return "'title' must say in a line what 'yes' means";
  if (!KINDS.includes(kind as string))
    return `'kind' must be one of ${KINDS.join(", ")}: current value is '${kind}'`;
  if (typeof remedy !== "string" || typeof source !== "string") return "'remedy' and 'source' must be texts";
  if (!isRecord(needs) || !Object.values(needs).every((state) => state === "yes" || state === "no"))
    return "'needs' must give capabilities with 'yes' or 'no'";
  if (!Array.isArray(uses)) return "'uses' must be a list of capabilities";
  const names: readonly string[] = PROBES.map((probe) => probe.name);
  const foreign = [...Object.keys(needs), ...uses].find((need) => !names.includes(need));
  if (foreign !== undefined)
    return `no capability is named '${foreign}'${didYouMean(foreign, names) || "; 'tickproof doctor' lists them"}`;
  if (typeof run !== "function") return "'run' must be a function that returns { state, evidence }";
  return undefined;
}

function toProbe(given: unknown, file: string): Probe {
  const wrong = fault(given);
  if (wrong !== undefined) throw new UsageError(`'${file}' is no probe: ${wrong}`);
  const probe = given as UserProbe;
  const { name, title, kind = "fact", remedy = "", source = file, needs = {}, uses = [] } = probe;
  return {
    name,
    title,
    kind,
    remedy,
    source,
    needs,
    uses,
    measures: `what ${file} finds`,
    threshold: "",
    gates: { engines: [], tests: [] },
    run: (host, found) => checkFinding(probe.run(toolsOf(host, found)), file),
  };
}

function isNumbers(value: unknown): value is Numbers {
  return isRecord(value) && Object.values(value).every((number) => Number.isFinite(number));
}

/** What a probe has returned, if it is a finding. @throws {UsageError} If it is none: findings decide what is run. */
function checkFinding(given: unknown, file: string): Finding {
  if (given instanceof Promise)
    throw new UsageError(`'${file}': run() must return its finding, not a promise`);
  const { state, evidence, numbers, remedy } = isRecord(given) ? given : {};
  if (!STATES.includes(state as string))
    throw new UsageError(
      `'${file}': run() must return a 'state' of ${STATES.join(", ")}: current value is '${state}'`,
    );
  if (typeof evidence !== "string" || evidence.trim() === "")
    throw new UsageError(
      `'${file}': run() must return its 'evidence' in a line: current value is '${evidence}'`,
    );
  if (numbers !== undefined && !isNumbers(numbers))
    throw new UsageError(`'${file}': the 'numbers' of run() must be finite numbers by name`);
  return {
    state: state as Finding["state"],
    evidence: oneLine(evidence.trim()),
    ...(isNumbers(numbers) && { numbers }),
    ...(typeof remedy === "string" && { remedy }),
  };
}

function toolsOf(host: Host, found: Capabilities): ProbeTools {
  return {
    host: host.name,
    cpuid: (leaf, subleaf) => host.cpuid(leaf, subleaf),
    readFile: (path) => host.readFile(path),
    readDirectory: (path) => host.readDirectory(path),
    kernelLog: () => host.kernelLog(),
    execute: (command) => host.execute(command),
    finding: (name) => found.get(name) ?? { state: "unknown", evidence: "not asked" },
    count: (event, branches) => countOver(host, event, branches),
  };
}

function countOver(host: Host, event: string, count: number): number | string {
  const opened = Counter.tryOpen(event, { system: host.perf, host });
  if (!(opened instanceof Counter)) return opened.reason;
  using counter = opened;
  counter.enable();
  host.perf.run([{ do: "branches", count }]);
  counter.disable();
  const reading = counter.reading();
  return reading.state === "counted" ? Number(reading.value) : reading.reason;
}
