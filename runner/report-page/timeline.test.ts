import { test } from "bun:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { oneOfEach, record, temporaryFolder } from "../../engine/trace/_fixtures.ts";
import { KINDS } from "./page-data.ts";
import { readTimeline } from "./timeline.ts";

test("readTimeline() has each event with its task, kind and words", () => {
  using folder = temporaryFolder();
  const events = oneOfEach();
  record(folder.path("trace"), events);
  const timeline = readTimeline(folder.path("trace"));
  assertEquals(
    timeline.kind.map((kind) => KINDS[kind]),
    events.map(({ kind }) => kind),
  );
  assertEquals(
    timeline.task.map((lane) => timeline.tasks[lane]?.id),
    events.map(({ task }) => task),
  );
  assertEquals(timeline.cut, "");
  const words = timeline.text.map((index) => timeline.texts[index] ?? "");
  assertStringIncludes(words[events.findIndex(({ kind }) => kind === "switch")] ?? "", "switch at ");
});

test("readTimeline() takes so many events and says so", () => {
  using folder = temporaryFolder();
  record(folder.path("trace"), oneOfEach());
  const timeline = readTimeline(folder.path("trace"), { most: 3 });
  assertEquals([timeline.task.length, timeline.cut], [3, "The first 3 events are shown."]);
});

test("readTimeline() takes the last events of a failure, without what the processor says of itself", () => {
  using folder = temporaryFolder();
  record(folder.path("trace"), oneOfEach());
  const all = readTimeline(folder.path("trace"));
  const end = readTimeline(folder.path("trace"), { most: 4, fromEnd: true });
  const told = all.kind.flatMap((kind, at) =>
    KINDS[kind] === "instruction" ? [] : [all.texts[all.text[at] ?? 0]],
  );
  assertEquals(
    end.text.map((text) => end.texts[text]),
    told.slice(-4),
  );
  assertEquals(end.cut, "The last 4 events are shown.");
  assertEquals(told.length < all.kind.length, true, "there is something to leave out");
});
