/**
 * Event sources (PMUs) as sysfs describes them: how terms become bits of the config, and which events they name.
 * Source: Documentation/ABI/testing/sysfs-bus-event_source-devices-*; terms as perf-list(1), "PMU events".
 */

import type { PerfAttr } from "../attr.ts";
import { PERF_TYPE } from "../constants.ts";
import type { HostFacts } from "../facts.ts";
import { EventNameError } from "./error.ts";
import { identifyProcessor, isAarch64 } from "./processor.ts";

const ROOT = "/sys/bus/event_source/devices";

/**
 * Fields of raw events on x86, for hosts whose kernel has no PMU to ask: the event can still be named, and opening it
 * then says that there is no PMU. Source: format files of `cpu` (Linux 6.18, arch/x86/events/{intel,amd}/core.c).
 */
const X86_FORMAT: ReadonlyMap<string, string> = new Map([
  ["event", "config:0-7"],
  ["umask", "config:8-15,40-47"],
  ["edge", "config:18"],
  ["pc", "config:19"],
  ["any", "config:21"],
  ["inv", "config:23"],
  ["cmask", "config:24-31"],
  ["in_tx", "config:32"],
  ["in_tx_cp", "config:33"],
  ["ldlat", "config1:0-15"],
  ["frontend", "config1:0-23"],
]);
/** Of these AMD has none: its events have twelve bits, and there are no transactions. */
const INTEL_ONLY: ReadonlySet<string> = new Set(["in_tx", "in_tx_cp", "ldlat", "frontend", "any"]);

const AMD_FORMAT: ReadonlyMap<string, string> = new Map(
  [...X86_FORMAT, ["event", "config:0-7,32-35"] as const, ["umask", "config:8-15"] as const].filter(
    ([name]) => !INTEL_ONLY.has(name),
  ),
);

/** Of aarch64 an event has sixteen bits (drivers/perf/arm_pmuv3.c, 6.18). */
const ARM_FORMAT: ReadonlyMap<string, string> = new Map([["event", "config:0-15"]]);

function builtInFormat(host: HostFacts): ReadonlyMap<string, string> {
  const processor = identifyProcessor(host);
  if (isAarch64(processor)) return ARM_FORMAT;
  return processor.vendor === "GenuineIntel" ? X86_FORMAT : AMD_FORMAT;
}

/** The words of an attr that terms may set. */
const CONFIGS = ["config", "config1", "config2", "config3"] as const;
type ConfigName = (typeof CONFIGS)[number];
type Configs = Map<ConfigName, bigint>;

function isConfigName(name: string): name is ConfigName {
  return CONFIGS.some((known) => known === name);
}

/** What terms of a source come to. */
export interface SourceEvent {
  readonly attr: PerfAttr;
  readonly unit: string | undefined;
  readonly scale: number | undefined;
}

/** A list of numbers as the kernel prints it: "0-3,8". */
export function parseCpuList(text: string): number[] {
  return text
    .trim()
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}

/** Names of all event sources of a host. */
export function sourceNames(host: HostFacts): readonly string[] {
  return host.readDirectory(ROOT) ?? [];
}

/** One event source of a host. */
export class EventSource {
  readonly name: string;
  readonly type: number;
  /** Processors on which its events must be opened; undefined if any will do. */
  readonly cpus: readonly number[] | undefined;
  readonly #host: HostFacts;
  /** Fields that are known without sysfs. */
  readonly #builtIn: ReadonlyMap<string, string>;

  private constructor(host: HostFacts, name: string, type: number) {
    this.name = name;
    this.type = type;
    this.#host = host;
    this.#builtIn = name === "cpu" ? builtInFormat(host) : new Map();
    const mask = this.#file("cpumask");
    this.cpus = mask === undefined ? undefined : parseCpuList(mask);
  }

  /** The source of that name; undefined if the host has none. `cpu` always is one. */
  static find(host: HostFacts, name: string): EventSource | undefined {
    const text = /^[\w.-]+$/.test(name) ? host.readFile(`${ROOT}/${name}/type`) : undefined;
    if (text !== undefined) return new EventSource(host, name, Number(text));
    return name === "cpu" ? new EventSource(host, name, PERF_TYPE.RAW) : undefined;
  }

  #file(path: string): string | undefined {
    return this.#host.readFile(`${ROOT}/${this.name}/${path}`)?.trim();
  }

  #names(directory: string): readonly string[] {
    return this.#host.readDirectory(`${ROOT}/${this.name}/${directory}`) ?? [];
  }

  /** Names of the events that it describes itself. */
  eventNames(): string[] {
    return this.#names("events").filter((name) => !/\.(scale|unit|snapshot|per-pkg)$/.test(name));
  }

  /** Names of the fields that terms may set. */
  fieldNames(): string[] {
    const names = this.#names("format");
    return names.length > 0 ? [...names] : [...this.#builtIn.keys()];
  }

  #format(field: string): string | undefined {
    return this.#file(`format/${field}`) ?? this.#builtIn.get(field);
  }

  /**
   * Makes an attr of terms: `event=0xc4,umask=0x11`, or the name of an event of this source.
   *
   * @param whole The whole name of the event, for errors.
   * @throws EventNameError for a term that is none, or a value that is too large for its field.
   */
  parse(whole: string, terms: string): SourceEvent {
    const configs: Configs = new Map([["config", 0n]]);
    const named = this.#apply(whole, terms, configs, true);
    const unit = named && this.#file(`events/${named}.unit`);
    const scale = named && this.#file(`events/${named}.scale`);
    const { config = 0n, ...others } = Object.fromEntries(configs);
    const attr: PerfAttr = { type: this.type, config, ...others };
    return { attr, unit: unit || undefined, scale: scale ? Number(scale) : undefined };
  }

  /** Applies terms in order; gives the name of the event of this source that was among them. */
  #apply(whole: string, terms: string, configs: Configs, mayName: boolean): string | undefined {
    let named: string | undefined;
    for (const term of terms.split(",").map((part) => part.trim())) {
      if (term === "") continue;
      const [key = "", value] = term.split("=");
      const events = mayName && value === undefined ? this.eventNames() : [];
      if (events.includes(key)) {
        named = key;
        this.#apply(whole, this.#file(`events/${key}`) ?? "", configs, false);
      } else {
        this.#set(whole, key, value ?? "1", configs, events);
      }
    }
    return named;
  }

  #set(whole: string, key: string, text: string, configs: Configs, events: readonly string[]): void {
    if (!/^(0x[0-9a-f]{1,16}|\d{1,20})$/i.test(text)) {
      throw new EventNameError(whole, `'${key}' must be a number below 2^64: current value is '${text}'`);
    }
    const value = BigInt(text);
    if (isConfigName(key)) {
      configs.set(key, BigInt.asUintN(64, value));
      return;
    }
    const format = this.#format(key);
    if (format === undefined) {
      const known = [...this.fieldNames(), ...events];
      const what = known.length > 0 ? `it has ${known.join(", ")}` : "it names none";
      throw new EventNameError(whole, `${this.name} has no field or event '${key}' (${what})`, {
        name: key,
        known,
      });
    }
    deposit(whole, key, format, value, configs);
  }
}

/** Puts a value into the bits that a format names, from its lowest bit on: "config1:0-7,32-35". */
function deposit(whole: string, key: string, format: string, value: bigint, configs: Configs): void {
  const [, word = "", ranges = ""] = /^(\w+):([\d,-]+)$/.exec(format) ?? [];
  if (!isConfigName(word)) {
    throw new EventNameError(whole, `the kernel describes '${key}' by '${format}', which sets no config`);
  }
  let config = configs.get(word) ?? 0n;
  let rest = value;
  for (const bit of parseCpuList(ranges)) {
    config = (config & ~(1n << BigInt(bit))) | ((rest & 1n) << BigInt(bit));
    rest >>= 1n;
  }
  if (rest !== 0n) {
    throw new EventNameError(
      whole,
      `'${key}' must fit the bits ${ranges}: current value is 0x${value.toString(16)}`,
    );
  }
  configs.set(word, BigInt.asUintN(64, config));
}
