/** `meta.json`: what was recorded, where and by what. Written by rename, whole each time. */
import { renameSync, writeFileSync } from "node:fs";
import { ARCH_NAME } from "../arch/x86_64/registers.ts";
import { reasonOf } from "../errno-exception.ts";
import type { HostInfo } from "./host.ts";
import { FORMAT, META_NAME, metaPath, VERSION } from "./layout.ts";
import { MAX_META_BYTES } from "./limits.ts";
import { NotPlainError, readPlain } from "./plain-file.ts";
import { errorCode, TraceError } from "./trace-error.ts";

/** Description of a recording. */
export interface TraceMeta {
  /** The program and its arguments, as they were given. */
  command: string[];
  /** Path of the program that `command[0]` was resolved to. */
  program: string;
  /** The environment that the program got. */
  environment: Record<string, string>;
  /** Working directory of the program at its start. */
  cwd: string;
  /** The processor architecture that its registers and instructions are of. */
  arch: typeof ARCH_NAME;
  host: HostInfo;
  /** The described host that answered the program in place of `host`, if any. */
  described?: DescribedHostInfo;
  /** Seed of the schedule that tasks took turns by, if not a fair one. */
  chaos?: number;
  /** How many turns that schedule had, if fair ones followed. */
  chaosTurns?: number;
  /** Seed of the schedule that followed, if no fair ones. */
  chaosThen?: number;
  /** Why each system call stopped its task, if so. */
  allStop?: string;
  /** What recorded it. */
  engine: { name: string; version: string };
  /** Version of Bun that the recorder ran on. */
  bun: string;
  /** Start of the recording, as an ISO 8601 time. */
  startedAt: string;
}

/** A described host, as a trace names it. */
export interface DescribedHostInfo {
  name: string;
  description: string;
}

/** Writes `meta.json` in one step: a folder that has one is a trace, one that has none is not. */
export function writeMeta(dir: string, meta: TraceMeta): void {
  const path = metaPath(dir);
  writeFileSync(`${path}.new`, `${JSON.stringify({ format: FORMAT, version: VERSION, ...meta }, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/**
 * Reads and checks `meta.json`.
 *
 * @throws {TraceError} If it is missing, is not of a trace, is of a newer version, or is damaged.
 */
export function readMeta(dir: string): TraceMeta {
  const path = metaPath(dir);
  const value = parse(path, load(dir));
  if (!isRecord(value) || value.format !== FORMAT) {
    throw new TraceError({
      what: `"format" is not "${FORMAT}"`,
      where: path,
      mend: "give the folder of a trace that tickproof recorded",
    });
  }
  const version = value.version;
  if (typeof version === "number" && version > VERSION) {
    throw new TraceError({
      what: `The trace has format version ${version}, this tickproof reads up to ${VERSION}`,
      where: path,
      mend: "use the version of tickproof that recorded it, or a newer one",
    });
  }
  if (typeof version !== "number" || !Number.isInteger(version) || version < 1)
    throw damaged(path, `"version" is ${JSON.stringify(version)}`);
  return checkMeta(path, value);
}

function load(dir: string): string {
  const path = metaPath(dir);
  try {
    return readPlain(dir, META_NAME, MAX_META_BYTES);
  } catch (error) {
    if (error instanceof NotPlainError) throw damaged(path, error.message);
    const code = errorCode(error);
    throw new TraceError({
      what: code === "ENOENT" || code === "ENOTDIR" ? "No trace is there" : `Cannot read: ${reasonOf(error)}`,
      where: path,
      mend: "give the folder of a trace that tickproof recorded",
      cause: error,
    });
  }
}

function parse(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw damaged(path, `it is no JSON (${reasonOf(error)})`);
  }
}

function checkMeta(path: string, value: Record<string, unknown>): TraceMeta {
  const text = (from: Record<string, unknown>, key: string): string => {
    const found = from[key];
    if (typeof found !== "string") throw damaged(path, `"${key}" is not a text`);
    return found;
  };
  const record = (key: string): Record<string, unknown> => {
    const found = value[key];
    if (!isRecord(found)) throw damaged(path, `"${key}" is not an object`);
    return found;
  };
  const command = value.command;
  if (!Array.isArray(command) || !command.every((word) => typeof word === "string")) {
    throw damaged(path, `"command" is not a list of texts`);
  }
  checkArch(path, value.arch);
  const environment = record("environment");
  const host = record("host");
  const engine = record("engine");
  const described = value.described === undefined ? undefined : record("described");
  const { chaos, chaosTurns, chaosThen } = value;
  if (chaos !== undefined && typeof chaos !== "number") throw damaged(path, `"chaos" is not a number`);
  if (chaosTurns !== undefined && typeof chaosTurns !== "number")
    throw damaged(path, `"chaosTurns" is not a number`);
  if (chaosThen !== undefined && typeof chaosThen !== "number")
    throw damaged(path, `"chaosThen" is not a number`);
  const cores = host.cores;
  if (typeof cores !== "number") throw damaged(path, `"cores" is not a number`);
  return {
    command,
    program: text(value, "program"),
    environment: Object.fromEntries(Object.keys(environment).map((key) => [key, text(environment, key)])),
    cwd: text(value, "cwd"),
    arch: ARCH_NAME,
    host: {
      kernel: text(host, "kernel"),
      cpu: text(host, "cpu"),
      cores,
      hostname: text(host, "hostname"),
      hypervisor: host.hypervisor === true,
    },
    ...(described && {
      described: { name: text(described, "name"), description: text(described, "description") },
    }),
    ...(chaos !== undefined && { chaos }),
    ...(chaosTurns !== undefined && { chaosTurns }),
    ...(chaosThen !== undefined && { chaosThen }),
    ...(value.allStop !== undefined && { allStop: text(value, "allStop") }),
    engine: { name: text(engine, "name"), version: text(engine, "version") },
    bun: text(value, "bun"),
    startedAt: text(value, "startedAt"),
  };
}

/** Traces that say nothing are of a time when there was only one. */
function checkArch(path: string, arch: unknown): void {
  if (arch === undefined || arch === ARCH_NAME) return;
  if (typeof arch !== "string") throw damaged(path, `"arch" is not a text`);
  throw new TraceError({
    what: `The trace is of a program for ${arch}, this tickproof knows ${ARCH_NAME} alone`,
    where: path,
    mend: `read it with a tickproof for ${arch}`,
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(path: string, what: string): TraceError {
  return new TraceError({
    what: `The description of the trace is damaged: ${what}`,
    where: path,
    mend: "record again",
  });
}
