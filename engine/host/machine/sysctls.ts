/**
 * Settings of the described kernel that programs may write: sysctls of perf, whose new value counts from then on.
 * Source: Linux 6.18, kernel/events/core.c (perf_event_max_sample_rate_handler, perf_cpu_time_max_percent_handler,
 * events_core_sysctl_table); kernel/sysctl.c (proc_dointvec_minmax).
 */
import { ERRNO } from "../../../ffi/mod.ts";

const FOLDER = "/proc/sys/kernel";
/** A number as proc_dointvec takes it, with white space around. */
const INTEGER = /^\s*([+-]?\d{1,10})\s*$/;
const INT_MAX = 0x7fff_ffff;

/** A setting: what it says now, and what a new value does. */
export interface Setting {
  read(): number;
  /** @returns 0 or −errno. */
  write(value: number): number;
}

/** What settings are of. */
export interface Tunable {
  paranoid: number;
  readonly sampleRate: number;
  readonly cpuTimeMaxPercent: number;
  setSampleRate(rate: number): number;
  setCpuTimeMaxPercent(percent: number): void;
}

/** The settings of a kernel, by path. */
export function settingsOf(kernel: Tunable): ReadonlyMap<string, Setting> {
  return new Map<string, Setting>([
    [
      `${FOLDER}/perf_event_paranoid`,
      {
        read: () => kernel.paranoid,
        write(value) {
          kernel.paranoid = value;
          return 0;
        },
      },
    ],
    [
      `${FOLDER}/perf_event_max_sample_rate`,
      {
        read: () => kernel.sampleRate,
        write: (value) => (value < 1 ? -ERRNO.EINVAL : kernel.setSampleRate(value)),
      },
    ],
    [
      `${FOLDER}/perf_cpu_time_max_percent`,
      {
        read: () => kernel.cpuTimeMaxPercent,
        write(value) {
          if (value < 0 || value > 100) return -ERRNO.EINVAL;
          kernel.setCpuTimeMaxPercent(value);
          return 0;
        },
      },
    ],
  ]);
}

/** Writes the text of a program to a setting. @returns 0 or −errno. */
export function writeSetting(setting: Setting, text: string): number {
  const value = Number(INTEGER.exec(text)?.[1] ?? Number.NaN);
  return Number.isNaN(value) || Math.abs(value) > INT_MAX ? -ERRNO.EINVAL : setting.write(value);
}
