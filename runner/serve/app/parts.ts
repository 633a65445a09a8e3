/** Small parts that several views share: links, bars of a run, rates with their intervals. */
import { button, el } from "../../report-page/app/dom.ts";
import { date, percent, signOf, whole } from "../../report-page/app/format.ts";
import type { Column, FailureRate, LiveRun, RunState } from "../page-types.ts";

/** Where a test's page is. */
export function testPath(test: string): string {
  return `/tests/${encodeURIComponent(test)}`;
}

/** A link to a test. */
export function testLink(test: string): HTMLElement {
  return el("a", { href: testPath(test), class: "test-name" }, test);
}

/** A link to a run, by its time. */
export function runLink({ run, startedAt }: { run: number; startedAt: string }): HTMLElement {
  return el("a", { href: `/runs/${run}`, title: `run ${run}` }, date(startedAt));
}

/** A verdict with its sign. */
export function badge(verdict: string): HTMLElement {
  return el("span", { class: `badge ${verdict}` }, `${signOf(verdict)} ${verdict}`);
}

/** "builder-1, embedded, 6.12.8" */
export function columnWords({ name, engine, kernel, described }: Column): string {
  return described ? `${name} (described), ${engine}` : `${name}, ${engine}, ${kernel}`;
}

const STATE_WORDS: Readonly<Record<RunState, string>> = {
  running: "runs",
  finished: "finished",
  interrupted: "broken off",
  lost: "not heard of",
};

const STATE_SIGNS: Readonly<Record<RunState, string>> = {
  running: "▶",
  finished: "✓",
  interrupted: "–",
  lost: "?",
};

/** What has become of a run. */
export function stateBadge(state: RunState): HTMLElement {
  return el("span", { class: `badge state-${state}` }, `${STATE_SIGNS[state]} ${STATE_WORDS[state]}`);
}

/** Parts of a run's bar. */
const BAR_PARTS = ["passed", "others", "skipped"] as const;

/** A bar of what came of a run's attempts; it can be told of more of them. */
export class RunBar {
  readonly element = el("div", { class: "bar", role: "img" });
  readonly #parts = BAR_PARTS.map((part) => el("span", { class: `bar-${part}` }));

  constructor(run: LiveRun) {
    this.element.append(...this.#parts);
    this.show(run);
  }

  show(run: LiveRun): void {
    const whole = Math.max(run.planned, run.attempts, 1);
    for (const [at, part] of BAR_PARTS.entries()) {
      const made = this.#parts[at];
      if (made !== undefined) made.style.width = `${(100 * run[part]) / whole}%`;
    }
    this.element.setAttribute("aria-label", countsWords(run));
  }
}

/** "212 of 400 attempts, 3 not passed" */
export function countsWords({ attempts, planned, others, skipped }: LiveRun): string {
  return [
    planned > attempts
      ? `${whole(attempts)} of ${whole(planned)} attempts`
      : `${whole(attempts)} attempt${attempts === 1 ? "" : "s"}`,
    ...(others > 0 ? [`${whole(others)} not passed`] : []),
    ...(skipped > 0 ? [`${whole(skipped)} skipped`] : []),
  ].join(", ");
}

/** A rate as a dot on its interval, with the figures. */
export function rateView({ attempts, failed, rate, low, high }: FailureRate): HTMLElement {
  const band = el("span", { class: "rate-band" });
  band.style.left = `${low * 100}%`;
  band.style.width = `${Math.max(1, (high - low) * 100)}%`;
  const dot = el("span", { class: "rate-dot" });
  dot.style.left = `${rate * 100}%`;
  return el(
    "span",
    { class: "rate", title: `${percent(low)} to ${percent(high)} (95 %)` },
    el("span", { class: "rate-track", "aria-hidden": "true" }, band, dot),
    `${percent(rate)} `,
    el("span", { class: "quiet" }, `${whole(failed)} of ${whole(attempts)}`),
  );
}

/** Puts other elements into one, and leaves the focus where it was, if that is there still. */
export function refill(parent: HTMLElement, ...children: readonly HTMLElement[]): void {
  const focused = parent.contains(document.activeElement) ? focusKey(document.activeElement) : undefined;
  parent.replaceChildren(...children);
  if (focused === undefined) return;
  const same = [...parent.querySelectorAll<HTMLElement>("a, button")].find(
    (one) => focusKey(one) === focused,
  );
  same?.focus();
}

function focusKey(element: Element | null): string | undefined {
  return element === null ? undefined : (element.getAttribute("href") ?? element.textContent ?? undefined);
}

/** A line for what is not there. */
export function nothing(words: string): HTMLElement {
  return el("p", { class: "quiet nothing" }, words);
}

/** What went wrong, with a button that tries it again. */
export function troubleView(error: unknown, again: () => void): HTMLElement {
  const words = error instanceof Error ? error.message : String(error);
  return el(
    "p",
    { class: "trouble", role: "alert" },
    `${signOf("broken")} ${words} `,
    button("Try again", again),
  );
}
