/** Settings of the kernel that counters depend on. The kernel lowers some by itself, under load: that is told of. */
import type { Host } from "../host/mod.ts";

const SYSCTLS = "/proc/sys/kernel";
/** Those of counters are named `perf_…`; the others decide what they may see, and take a counter away. */
const OTHERS: readonly string[] = ["kptr_restrict", "nmi_watchdog", "watchdog_thresh"];

/** Values by name: "kernel.perf_event_paranoid". */
export type Settings = ReadonlyMap<string, string>;

/** A setting that is not what it was. */
export interface SettingChange {
  readonly name: string;
  /** Undefined where it was not there, or could not be read. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Reads the settings, as far as they can be read. */
export function readSettings(host: Pick<Host, "readFile" | "readDirectory">): Settings {
  const perf = host.readDirectory(SYSCTLS)?.filter((name) => name.startsWith("perf_")) ?? [];
  return new Map(
    [...perf, ...OTHERS].flatMap((name) => {
      const value = host.readFile(`${SYSCTLS}/${name}`)?.trim();
      return value === undefined ? [] : [[`kernel.${name}`, value] as const];
    }),
  );
}

/** What differs between two readings. */
export function settingChanges(before: Settings, after: Settings): SettingChange[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names]
    .map((name) => ({ name, before: before.get(name), after: after.get(name) }))
    .filter((change) => change.before !== change.after);
}
