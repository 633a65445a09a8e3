/** A timeline that zooms, by mouse, keys and buttons, with the events that are seen as a table below it. */
import { KINDS, type Timeline } from "../page-data.ts";
import { announce, button, el } from "./dom.ts";
import { date, whole } from "./format.ts";
import { Pager } from "./pager.ts";
import { onThemeChange } from "./theme.ts";
import { drawTimeline, heightFor, LEGEND, shareAt } from "./timeline-draw.ts";
import { firstFrom, moved, positions, type Window, zoomed } from "./window.ts";

const ROWS = 20;
const IN = 0.5;
const OUT = 2;
const STEP = 0.25;
/** Events that a timeline shows which opens at its end. */
const LAST_EVENTS = 40;

/** The view of one timeline; `element` is what the page shows. */
export class TimelineView {
  readonly element: HTMLElement;
  readonly #timeline: Timeline;
  readonly #canvas = el("canvas", {
    tabindex: 0,
    role: "application",
    "aria-roledescription": "timeline",
    "aria-label": "Timeline of the trace",
  });
  readonly #id: string;
  readonly #range = el("p");
  readonly #body = el("tbody");
  readonly #pager: Pager;
  #axis: "ticks" | "events" = "ticks";
  #at: number[] = [];
  #all = 1;
  #window: Window = { start: 0, end: 1 };
  #first = 0;

  /**
   * @param id Begins the ids of its parts.
   * @param atEnd It opens at the last events, where a failure is.
   */
  constructor(timeline: Timeline, { id = "timeline", atEnd = false } = {}) {
    this.#timeline = timeline;
    this.#id = id;
    this.#range.id = `${id}-range`;
    this.#canvas.setAttribute("aria-describedby", `${id}-help ${id}-range`);
    this.#pager = new Pager({ what: "events", size: ROWS, show: (from, to) => this.#rows(from, to) });
    this.#canvas.style.height = `${heightFor(timeline.tasks.length)}px`;
    this.element = el(
      "div",
      { class: "timeline" },
      el(
        "p",
        {},
        el("code", {}, timeline.command),
        ` on ${timeline.host}, ${date(timeline.startedAt)}. ${timeline.cut}`,
      ),
      el("p", { class: "quiet" }, timeline.trace),
      this.#tools(),
      legend(),
      el("div", { class: "lanes" }, this.#canvas),
      this.#range,
      this.#table(),
    );
    this.#listen();
    this.#setAxis("ticks");
    if (atEnd) this.#showEnd();
  }

  /** The last events that can be told apart, with some room before them. */
  #showEnd(): void {
    const start = this.#at[Math.max(0, this.#at.length - LAST_EVENTS)] ?? 0;
    if (start < this.#all) this.#show({ start, end: this.#all });
    this.#pager.goTo(Math.max(0, Math.min(this.#at.length, LAST_EVENTS) - 1));
  }

  #tools(): HTMLElement {
    const choose = el("select", { "aria-label": "Axis of the timeline" });
    choose.append(
      el("option", { value: "ticks" }, "by ticks"),
      el("option", { value: "events" }, "by events"),
    );
    choose.addEventListener("change", () => this.#setAxis(choose.value === "events" ? "events" : "ticks"));
    return el(
      "div",
      { class: "tools", role: "group", "aria-label": "Zoom of the timeline" },
      button("+", () => this.#zoom(IN, 0.5), { "aria-label": "Zoom in" }),
      button("−", () => this.#zoom(OUT, 0.5), { "aria-label": "Zoom out" }),
      button("←", () => this.#move(-STEP), { "aria-label": "Earlier" }),
      button("→", () => this.#move(STEP), { "aria-label": "Later" }),
      button("All", () => this.#show({ start: 0, end: this.#all }), { "aria-label": "All of the trace" }),
      choose,
      el(
        "span",
        { id: `${this.#id}-help`, class: "quiet" },
        "Keys: + and − zoom, arrows move, Home, End and 0 go to the start, the end, all. Mouse: wheel and drag.",
      ),
    );
  }

  #table(): HTMLElement {
    const heads = ["Event", "Task", "Kind", "What"].map((head) => el("th", { scope: "col" }, head));
    const table = el(
      "table",
      { class: "events" },
      el("caption", {}, "Events in sight"),
      el("thead", {}, el("tr", {}, ...heads)),
      this.#body,
    );
    const scroll = el(
      "div",
      { class: "scroll", tabindex: 0, role: "region", "aria-label": "Events in sight" },
      table,
    );
    return el("div", {}, scroll, this.#pager.element);
  }

  #listen(): void {
    this.#canvas.addEventListener("keydown", (event) => {
      const { start, end } = this.#window;
      const acts: Record<string, () => void> = {
        "+": () => this.#zoom(IN, 0.5),
        "=": () => this.#zoom(IN, 0.5),
        "-": () => this.#zoom(OUT, 0.5),
        ArrowLeft: () => this.#move(-STEP),
        ArrowRight: () => this.#move(STEP),
        Home: () => this.#show(moved({ start: 0, end: end - start }, 0, this.#all)),
        End: () => this.#show(moved(this.#window, Number.MAX_SAFE_INTEGER, this.#all)),
        "0": () => this.#show({ start: 0, end: this.#all }),
      };
      const act = acts[event.key];
      if (act === undefined || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      act();
    });
    this.#canvas.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        const at = shareAt(event.offsetX, this.#canvas.clientWidth);
        if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
          this.#move((event.deltaX || event.deltaY) / 1000);
        } else this.#zoom(event.deltaY < 0 ? IN ** 0.5 : OUT ** 0.5, at);
      },
      { passive: false },
    );
    this.#canvas.addEventListener("pointerdown", (event) => this.#canvas.setPointerCapture(event.pointerId));
    this.#canvas.addEventListener("pointermove", (event) => {
      if (event.buttons === 1) this.#move(-event.movementX / this.#canvas.clientWidth);
    });
    new ResizeObserver(() => this.#paint()).observe(this.#canvas);
    onThemeChange(() => this.#paint());
  }

  #setAxis(axis: "ticks" | "events"): void {
    this.#axis = axis;
    this.#at = positions(this.#timeline, axis);
    this.#all = Math.max(1, this.#at.at(-1) ?? 1);
    this.#show({ start: 0, end: this.#all });
  }

  #zoom(factor: number, at: number): void {
    this.#show(zoomed(this.#window, factor, at, this.#all));
  }

  #move(by: number): void {
    this.#show(moved(this.#window, by, this.#all));
  }

  #show(window: Window): void {
    this.#window = window;
    this.#first = firstFrom(this.#at, window.start);
    const count = firstFrom(this.#at, window.end + 1e-9) - this.#first;
    const { tasks } = this.#timeline;
    this.#range.textContent =
      `${this.#axis} ${whole(window.start)} to ${whole(window.end)} of ${whole(this.#all)}: ` +
      `${whole(count)} events, ${whole(tasks.length)} ${tasks.length === 1 ? "task" : "tasks"}`;
    announce(this.#range.textContent);
    this.#pager.reset(count);
    this.#paint();
  }

  #rows(from: number, to: number): void {
    const { task, tasks, kind, text, texts } = this.#timeline;
    const rows = Array.from({ length: to - from }, (_, offset) => {
      const index = this.#first + from + offset;
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, whole(this.#timeline.index?.[index] ?? index)),
        el("td", {}, String(tasks[task[index] ?? 0]?.id)),
        el("td", {}, KINDS[kind[index] ?? 0] ?? ""),
        el("td", { class: "wide" }, texts[text[index] ?? 0] ?? ""),
      );
    });
    this.#body.replaceChildren(...rows);
  }

  #paint(): void {
    if (this.#canvas.clientWidth > 0) drawTimeline(this.#canvas, this.#timeline, this.#at, this.#window);
  }
}

function legend(): HTMLElement {
  return el(
    "ul",
    { class: "legend" },
    ...LEGEND.map(([name, ink]) => {
      const patch = el("span", { class: "patch", "aria-hidden": "true" });
      patch.style.background = `var(${ink})`;
      return el("li", {}, patch, name);
    }),
  );
}
