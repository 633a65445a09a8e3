import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import { LogWatch } from "./log-watch.ts";
import { readSettings, settingChanges } from "./settings.ts";

const SLOW =
  "[  166.4] perf: interrupt took too long (60205 > 38461), lowering kernel.perf_event_max_sample_rate";
const NMI = "[  166.5] INFO: NMI handler (perf_event_nmi_handler) took too long to run: 5.089 msecs";
const KVM = "[  421.9] kvm_pmu: event creation failed -95";
const OTHER = "[  500.0] usb 1-1: new device";

test("LogWatch gives lines about counters to those that run when they come, and no others", () => {
  const log = [SLOW, OTHER];
  const watch = new LogWatch(() => [...log]);
  const first = watch.enter();
  log.push(KVM, OTHER);
  const second = watch.enter();
  log.push(NMI);
  watch.leave(first);
  log.push(SLOW);
  watch.leave(second);
  assertEquals(
    [first.lines, second.lines],
    [
      [KVM, NMI],
      [NMI, SLOW],
    ],
  );
});

test("LogWatch follows a log whose oldest lines go, and that says the same twice", () => {
  let log = ["a", KVM, "b"];
  const watch = new LogWatch(() => log);
  const reader = watch.enter();
  log = ["b", KVM, KVM];
  watch.leave(reader);
  assertEquals(reader.lines, [KVM, KVM]);
  const again = watch.enter();
  log = ["b", KVM, KVM, KVM];
  watch.leave(again);
  assertEquals(again.lines, [KVM]);
});

test("LogWatch says where a log can't be read", () => {
  const watch = new LogWatch(() => undefined);
  const reader = watch.enter();
  watch.leave(reader);
  assertEquals([watch.readable, reader.lines], [false, []]);
});

test("settingChanges() names perf settings that changed, came or went", () => {
  const host = (files: Record<string, string>) => ({
    readDirectory: () => Object.keys(files),
    readFile: (path: string) => files[path.slice("/proc/sys/kernel/".length)],
  });
  const before = readSettings(
    host({ perf_event_max_sample_rate: "100000\n", kptr_restrict: "0\n", pid_max: "9" }),
  );
  assertEquals(
    [...before],
    [
      ["kernel.perf_event_max_sample_rate", "100000"],
      ["kernel.kptr_restrict", "0"],
    ],
  );
  const after = readSettings(host({ perf_event_max_sample_rate: "3250\n", kptr_restrict: "0\n" }));
  assertEquals(settingChanges(before, after), [
    { name: "kernel.perf_event_max_sample_rate", before: "100000", after: "3250" },
  ]);
  assertEquals(settingChanges(before, new Map([["kernel.kptr_restrict", "0"]])), [
    { name: "kernel.perf_event_max_sample_rate", before: "100000", after: undefined },
  ]);
});
