/** Paints a timeline: a lane for each task, where it runs as a band, its events as marks. */
import { KINDS, type Timeline } from "../page-data.ts";
import { short } from "./format.ts";
import { colour } from "./theme.ts";
import { firstFrom, niceStep, type Window } from "./window.ts";

const LANE = 34;
const TOP = 24;
/** Room for the names of tasks. */
export const LEFT = 92;
const RIGHT = 10;

/**
 * Colour and shape of each kind of event. What is frequent has a height of its own in the lane, so that none hides
 * another: signals at the top, system calls in the band, switches at the foot.
 */
const MARKS: Readonly<
  Record<(typeof KINDS)[number], { ink: string; from: number; to: number; wide: number }>
> = {
  syscall: { ink: "--syscall", from: 12, to: 22, wide: 1.5 },
  instruction: { ink: "--quiet", from: 16, to: 20, wide: 1 },
  memory: { ink: "--quiet", from: 14, to: 22, wide: 1.5 },
  checksum: { ink: "--quiet", from: 14, to: 22, wide: 1.5 },
  registers: { ink: "--quiet", from: 14, to: 22, wide: 1.5 },
  file: { ink: "--quiet", from: 14, to: 22, wide: 1.5 },
  note: { ink: "--quiet", from: 14, to: 22, wide: 1.5 },
  switch: { ink: "--switch", from: 25, to: 32, wide: 1.5 },
  clone: { ink: "--pass", from: 4, to: 30, wide: 2.5 },
  exec: { ink: "--pass", from: 4, to: 30, wide: 2.5 },
  signal: { ink: "--fail", from: 2, to: 9, wide: 2 },
  exit: { ink: "--ink", from: 4, to: 30, wide: 2.5 },
  end: { ink: "--ink", from: 2, to: 32, wide: 2.5 },
};

/** The kinds that a legend names, with their colours. */
export const LEGEND: readonly (readonly [string, string])[] = [
  ["runs", "--band"],
  ["system call", "--syscall"],
  ["signal", "--fail"],
  ["switch", "--switch"],
  ["start of a task or program", "--pass"],
  ["end", "--ink"],
];

/** Height of a canvas for so many lanes, in pixels. */
export function heightFor(lanes: number): number {
  return TOP + lanes * LANE + 4;
}

/** Where a share of the window is on a canvas of this width, and back. */
export function shareAt(x: number, width: number): number {
  return Math.min(1, Math.max(0, (x - LEFT) / (width - LEFT - RIGHT)));
}

/**
 * Paints.
 *
 * @param at Where each event is on the axis.
 */
export function drawTimeline(
  canvas: HTMLCanvasElement,
  timeline: Timeline,
  at: readonly number[],
  window: Window,
): void {
  const context = canvas.getContext("2d");
  if (context === null) return;
  const scale = devicePixelRatio;
  const width = canvas.clientWidth;
  const height = heightFor(timeline.tasks.length);
  canvas.width = width * scale;
  canvas.height = height * scale;
  context.scale(scale, scale);
  context.font = "11px system-ui, sans-serif";
  const room = width - LEFT - RIGHT;
  const x = (value: number) => LEFT + ((value - window.start) / (window.end - window.start)) * room;

  drawFrame(context, timeline, window, width, x);
  const from = Math.max(0, firstFrom(at, window.start) - 1);
  const to = Math.min(at.length, firstFrom(at, window.end + 1e-9) + 1);
  context.save();
  context.beginPath();
  context.rect(LEFT, 0, room + 1, height);
  context.clip();
  context.fillStyle = colour("--band");
  for (let index = from; index < to; index++) {
    const [left, right] = [x(at[index - 1] ?? 0), x(at[index] ?? 0)];
    if (right > left) context.fillRect(left, TOP + (timeline.task[index] ?? 0) * LANE + 10, right - left, 14);
  }
  drawMarks(context, timeline, (index) => x(at[index] ?? 0), from, to);
  context.restore();
}

function drawFrame(
  context: CanvasRenderingContext2D,
  { tasks }: Timeline,
  { start, end }: Window,
  width: number,
  x: (value: number) => number,
): void {
  const [line, quiet, ink] = [colour("--line"), colour("--quiet"), colour("--ink")];
  const step = niceStep((end - start) / Math.max(2, Math.floor((width - LEFT) / 110)));
  context.lineWidth = 1;
  context.strokeStyle = line;
  context.fillStyle = quiet;
  for (let value = Math.ceil(start / step) * step; value <= end; value += step) {
    context.beginPath();
    context.moveTo(x(value), TOP - 4);
    context.lineTo(x(value), heightFor(tasks.length));
    context.stroke();
    context.fillText(step < 1000 ? value.toLocaleString("en") : short(value), x(value) + 3, 12);
  }
  tasks.forEach(({ id, process }, lane) => {
    context.fillStyle = ink;
    context.fillText(`task ${id}`, 4, TOP + lane * LANE + 15);
    context.fillStyle = quiet;
    context.fillText(id === process ? "process" : `of ${process}`, 4, TOP + lane * LANE + 28);
    context.strokeRect(0, TOP + lane * LANE, width, 0);
  });
}

function drawMarks(
  context: CanvasRenderingContext2D,
  { task, kind }: Timeline,
  x: (index: number) => number,
  from: number,
  to: number,
): void {
  const inks = new Map<string, string>();
  // Of marks of one kind on the same pixel one is painted.
  const last = new Map<number, number>();
  for (let index = from; index < to; index++) {
    const [lane, of] = [task[index] ?? 0, kind[index] ?? 0];
    const left = Math.round(x(index) * 2) / 2;
    const key = lane * KINDS.length + of;
    if (last.get(key) === left) continue;
    last.set(key, left);
    const mark = MARKS[KINDS[of] ?? "end"];
    const ink = inks.get(mark.ink) ?? colour(mark.ink);
    inks.set(mark.ink, ink);
    context.fillStyle = ink;
    context.fillRect(left - mark.wide / 2, TOP + lane * LANE + mark.from, mark.wide, mark.to - mark.from);
  }
}
