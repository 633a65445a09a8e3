import { expect, test } from "bun:test";
import { Chaos, FirstTurns } from "./chaos.ts";
import type { RecordedTask } from "./recorded-task.ts";
import { FAIR, Schedule, type SchedulePolicy } from "./schedule.ts";

/** A schedule looks at nothing of a task but its state. */
const task = (tid: number): RecordedTask => ({ tid, state: "ready" }) as RecordedTask;

function scheduled(policy: SchedulePolicy, count: number): { schedule: Schedule; tasks: RecordedTask[] } {
  const schedule = new Schedule(policy);
  const tasks = Array.from({ length: count }, (_, i) => task(i));
  for (const each of tasks) schedule.add(each);
  return { schedule, tasks };
}

/** Who has the turn, one rotation after the other. */
function order(schedule: Schedule, turns: number): (number | undefined)[] {
  return Array.from({ length: turns }, () => {
    const { first } = schedule;
    schedule.rotate();
    return first?.tid;
  });
}

test("FAIR gives everybody a turn, in the order of waiting", () => {
  expect(order(scheduled(FAIR, 3).schedule, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
});

test("a turn ends after so many events of its task, and of no other", () => {
  const { schedule, tasks } = scheduled({ ...FAIR, isOver: (events) => events >= 3 }, 2);
  const [a, b] = tasks as [RecordedTask, RecordedTask];
  expect(schedule.first).toBe(a);
  schedule.hadEvent(a);
  schedule.hadEvent(b);
  schedule.hadEvent(a);
  expect(schedule.first).toBe(a);
  schedule.hadEvent(a);
  expect(schedule.first).toBe(b);
});

test("a task that is blocked loses its turn, and comes back as the last one", () => {
  const { schedule, tasks } = scheduled(FAIR, 3);
  const [a, b, c] = tasks as [RecordedTask, RecordedTask, RecordedTask];
  expect(schedule.first).toBe(a);
  schedule.block(a);
  expect([a.state, schedule.first, schedule.size]).toEqual(["blocked", b, 2]);
  schedule.unblock(a);
  expect([order(schedule, 3), a.state]).toEqual([[b.tid, c.tid, a.tid], "ready"]);
});

test("a queued task is not made ready by unblock()", () => {
  const { schedule, tasks } = scheduled(FAIR, 1);
  const [a] = tasks as [RecordedTask];
  schedule.block(a, "queued");
  schedule.unblock(a);
  expect([schedule.size, a.state]).toEqual([0, "queued"]);
});

test("Chaos makes the same decisions for the same seed, and others for another one", () => {
  const decisions = (seed: number): unknown => {
    const policy = new Chaos(seed);
    const { schedule } = scheduled(policy, 4);
    return [order(schedule, 200), Array.from({ length: 50 }, () => [policy.budget(false), policy.isOver()])];
  };
  expect(decisions(7)).toEqual(decisions(7));
  expect(decisions(7)).not.toEqual(decisions(8));
});

test("Chaos lets nobody starve for ever", () => {
  for (let seed = 0; seed < 50; seed++) {
    const turns = order(scheduled(new Chaos(seed), 4).schedule, 2000);
    for (let tid = 0; tid < 4; tid++) expect(turns.filter((each) => each === tid).length).toBeGreaterThan(50);
  }
});

test("Chaos begins with short turns, and draws longer ones the more there were", () => {
  const policy = new Chaos(1);
  const budgets = Array.from({ length: 1_000_000 }, () => policy.budget(false));
  const [first, last] = [budgets.slice(0, 200), budgets.slice(-200)];
  const most = (some: number[]) => Math.max(...some);
  expect(Math.min(...first)).toBe(1);
  expect(most(first)).toBeLessThan(1024);
  expect(most(last)).toBeGreaterThan(4 * most(first));
  expect(most(last)).toBeLessThan(2 ** 20);
  // So many turns are some 10 s of stops: a program that runs for minutes has no more of them.
  expect(budgets.reduce((sum, budget) => sum + budget, 0)).toBeGreaterThan(100_000_000);
});

test("Chaos ends turns at branches, and up to 15 instructions behind them", () => {
  const policy = new Chaos(1);
  const steps = Array.from({ length: 1000 }, () => policy.steps());
  expect([Math.min(...steps), Math.max(...steps)]).toEqual([0, 15]);
});

test("FirstTurns follows one schedule for so many turns and another one from then on, and tells of each turn", () => {
  const told: string[] = [];
  const last: SchedulePolicy = { ...FAIR, choose: (ready) => ready.length - 1 };
  const policy = new FirstTurns(
    last,
    2,
    FAIR,
    () => told.push("rest"),
    () => told.push("turn"),
  );
  const turns = order(scheduled(policy, 3).schedule, 4);
  expect(turns).toEqual([2, 2, 0, 1]);
  expect([policy.made, policy.rest]).toEqual([2, 2]);
  expect(told).toEqual(["turn", "turn", "turn", "rest", "turn"]);
});
