import { test } from "bun:test";
import { assertEquals } from "@std/assert";
import type { HostModel, Progress } from "../../host/model-api.ts";
import type { RecordedTask } from "../recorded-task.ts";
import { ProgressFeed } from "./progress.ts";

/** A model that notes what it is told. */
function noting(): { told: unknown[]; feed: ProgressFeed } {
  const told: unknown[] = [];
  const model = {
    switchIn: (task: number) => told.push(["in", task]),
    switchOut: (task: number) => {
      told.push(["out", task]);
      return [];
    },
    exit: (task: number) => told.push(["exit", task]),
    advance: (task: number, progress: Progress) => {
      told.push([task, progress.branches, progress.committedBranches ?? 0, progress.abortedBranches ?? 0]);
      return [];
    },
    nextInterrupt: () => 100,
  };
  return { told, feed: new ProgressFeed(model as unknown as HostModel, () => undefined) };
}

function task(tid: number): RecordedTask {
  return { tid, ticks: 0, reportedTicks: 0, elidedFrom: undefined } as unknown as RecordedTask;
}

test("ProgressFeed tells the branches of a task before another one gets the processor", () => {
  const { told, feed } = noting();
  const [first, second] = [task(1), task(2)];
  feed.switchTo(first);
  first.ticks = 50;
  feed.switchTo(first);
  feed.switchTo(second);
  second.ticks = 7;
  feed.report(second);
  feed.switchAway();
  assertEquals(told, [
    ["in", 1],
    [1, 50, 0, 0],
    ["out", 1],
    ["in", 2],
    [2, 7, 0, 0],
    ["out", 2],
  ]);
});

test("ProgressFeed tells the branches of an elided section when it commits", () => {
  const { told, feed } = noting();
  const only = task(1);
  feed.switchTo(only);
  feed.elision(only, "acquire", 10);
  feed.elision(only, "release", 30);
  only.ticks = 35;
  feed.report(only);
  assertEquals(told, [
    ["in", 1],
    [1, 10, 0, 0],
    [1, 0, 20, 0],
    [1, 5, 0, 0],
  ]);
});

test("ProgressFeed tells an attempt and its repetition when an elided section is stopped", () => {
  const { told, feed } = noting();
  const only = task(1);
  feed.switchTo(only);
  feed.elision(only, "acquire", 10);
  only.ticks = 25;
  feed.report(only);
  feed.elision(only, "release", 30);
  only.ticks = 31;
  feed.report(only);
  assertEquals(told, [
    ["in", 1],
    [1, 10, 0, 0],
    [1, 15, 0, 15],
    [1, 6, 0, 0],
  ]);
});

test("ProgressFeed gives the next interrupt in ticks of the task", () => {
  const { feed } = noting();
  const only = task(1);
  feed.switchTo(only);
  only.ticks = 40;
  feed.report(only);
  assertEquals(feed.nextInterrupt(only), 140);
});
