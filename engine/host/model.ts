/** The model of a described host: its processor and its kernel's perf, put together from a profile. */
import { ERRNO, PERF_IOC, type PerfMapping, type PerfSystem, SIG } from "../../ffi/mod.ts";
import type { Event } from "./kernel/event.ts";
import { PerfKernel } from "./kernel/perf.ts";
import { cpuidOf } from "./machine/cpuid.ts";
import { hostFiles } from "./machine/files.ts";
import { bootLines, logLine, Refusals } from "./machine/logs.ts";
import { type Setting, settingsOf, writeSetting } from "./machine/sysctls.ts";
import type { Certainty, CountedLine, HostModel, Overflow, Progress } from "./model-api.ts";
import { activityOf } from "./pmu/activity.ts";
import { Noise } from "./pmu/skid.ts";
import { Processor } from "./processor.ts";
import type { HostProfile } from "./profile.ts";
import { runSteps } from "./steps.ts";

/** What a task sleeps that leaves the processor for a moment. */
const SLEEP_NS = 1_000_000;

/** A number for each profile, so that skids and the like are the same in each run (FNV-1a). */
function seedOf(name: string): number {
  let hash = 0x811c_9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}

class Model implements HostModel {
  readonly profile: HostProfile;
  readonly cpuid: HostModel["cpuid"];
  readonly readFile: HostModel["readFile"];
  readonly readDirectory: HostModel["readDirectory"];
  readonly #kernelLog: string[] = [];
  readonly #hypervisorLog: string[] = [];
  readonly #refusals = new Refusals();
  readonly #settings: ReadonlyMap<string, Setting>;
  readonly bootLog: readonly string[];
  readonly #kernel: PerfKernel;

  constructor(profile: HostProfile) {
    this.profile = profile;
    const noise = new Noise(seedOf(profile.name));
    const processor = new Processor(profile, noise, {
      log: (line) => this.#hypervisorLog.push(line),
      refused: (refusal) => this.#refusals.add(refusal, this.#kernel.now),
    });
    this.#kernel = new PerfKernel(profile, noise, processor, (line, now) =>
      this.#kernelLog.push(logLine(line, now)),
    );
    this.#settings = settingsOf(this.#kernel);
    const layout = processor.driver?.layout;
    this.bootLog = bootLines(profile, layout).map((line) => logLine(line, 0));
    this.cpuid = cpuidOf(profile, layout);
    const files = hostFiles(profile, layout, this.#settings);
    this.readFile = (path) => files.read(path);
    this.readDirectory = (path) => files.list(path);
  }

  get kernelLog(): readonly string[] {
    return this.#kernelLog;
  }

  get hypervisorLog(): readonly string[] {
    return this.#hypervisorLog;
  }

  get refusals(): readonly CountedLine[] {
    return this.#refusals.lines;
  }

  get countsLocks(): boolean {
    return this.#kernel.countsLocks;
  }

  get countsRetired(): boolean {
    return this.#kernel.countsRetired;
  }

  get hasEvents(): boolean {
    return this.#kernel.hasEvents;
  }

  certainty(fd: number): Certainty {
    const event = this.#kernel.eventOf(fd);
    return event ? this.#kernel.certainty(event) : "unknown";
  }

  isSetting(path: string): boolean {
    return this.#settings.has(path);
  }

  writeFile(path: string, text: string): number {
    const setting = this.#settings.get(path);
    return setting ? writeSetting(setting, text) : -ERRNO.EACCES;
  }

  signalled(signal: number): void {
    const { hle, spuriousAfterSigstkflt } = this.profile.cpu.tsx;
    if (signal === SIG.SIGSTKFLT && hle && spuriousAfterSigstkflt === true)
      this.#kernel.processor.spuriousElisions();
  }

  switchIn(task: number): void {
    this.#kernel.switchIn(task);
  }

  switchOut(task: number): readonly Overflow[] {
    if (this.#kernel.contexts.current?.task === task) this.#kernel.switchOut();
    return this.#kernel.takeSignals();
  }

  advance(task: number, progress: Progress): readonly Overflow[] {
    const activity = activityOf(progress);
    const kernel = this.#kernel;
    if (kernel.contexts.current?.task !== task) kernel.switchIn(task);
    kernel.processor.run(activity, kernel);
    if (progress.retired) kernel.processor.expect(activity);
    return kernel.takeSignals();
  }

  nextInterrupt(task: number): number | undefined {
    return this.#kernel.untilInterrupt(task);
  }

  fork(parent: number, child: number): void {
    this.#kernel.fork(parent, child);
  }

  exit(task: number): void {
    this.#kernel.exit(task);
  }

  #reschedule(task: number): void {
    this.#kernel.switchOut();
    this.#kernel.sleep(SLEEP_NS);
    this.#kernel.switchIn(task);
  }

  perfFor(task: number): PerfSystem {
    const kernel = this.#kernel;
    /** Enters the kernel, and looks the event up. */
    const call = <T>(fd: number, perform: (event: Event) => T): T | number => {
      kernel.enter(task);
      const event = kernel.eventOf(fd);
      return event ? perform(event) : -ERRNO.EBADF;
    };
    const { rtm, alwaysAborts } = this.profile.cpu.tsx;
    const system: PerfSystem = {
      open(attr, pid, cpu, group, flags) {
        kernel.enter(task);
        return kernel.open({ attr, caller: task, pid, cpu, group, flags });
      },
      close: (fd) => call(fd, () => kernel.close(fd)),
      ioctl: (fd, request, argument) =>
        call(fd, (event) => (request === PERF_IOC.ID ? event.id : kernel.ioctl(event, request, argument))),
      id: (fd) => call(fd, ({ id }) => id),
      read: (fd, into) => call(fd, (event) => kernel.read(event, into)),
      map: (fd, pages) => call(fd, (event) => toMapping(kernel.map(event, pages))),
      poll: (fd) => call(fd, (event) => kernel.poll(event)),
      run: (steps) => {
        if (kernel.contexts.current?.task !== task) kernel.switchIn(task);
        const results = runSteps(
          {
            ioctl: system.ioctl,
            read: system.read,
            advance: (progress) => kernel.processor.run(activityOf(progress), kernel),
            reschedule: () => this.#reschedule(task),
            transactions: rtm ? (alwaysAborts ? "abort" : "run") : "none",
          },
          steps,
        );
        // A straight run has no handler that signals could go to.
        kernel.takeSignals();
        return results;
      },
    };
    return system;
  }
}

function toMapping(
  ring: number | { bytes: PerfMapping["bytes"]; view: PerfMapping["view"] },
): PerfMapping | number {
  if (typeof ring === "number") return ring;
  // The memory is the event's: it is gone with the event, as in the kernel with the last reference.
  return { bytes: ring.bytes, view: ring.view, address: 0, [Symbol.dispose]: () => undefined };
}

/**
 * Makes a model of a described host, as it is right after its start.
 *
 * @param profile The host, checked (`loadProfile`).
 */
export function createHostModel(profile: HostProfile): HostModel {
  return new Model(profile);
}
