/** The live page's program: shows what its address says, and what the server tells of. */
import { announce, el, liveRegion } from "../../report-page/app/dom.ts";
import { themeButton } from "../../report-page/app/theme.ts";
import { type Board, MOST_WORDS } from "../page-types.ts";
import { ask, listen } from "./connection.ts";
import { MatrixView } from "./matrix-view.ts";
import { NowView } from "./now-view.ts";
import { nothing } from "./parts.ts";
import { RunsView } from "./run-list.ts";
import { RunView } from "./run-view.ts";
import { TestView } from "./test-view.ts";
import type { View } from "./view.ts";

const PLACES = [
  ["/", "Now"],
  ["/tests", "Tests"],
  ["/runs", "Runs"],
] as const;

const main = el("main", { id: "main", tabindex: -1 });
const links = PLACES.map(([path, name]) => el("a", { href: path }, name));
const words = el("input", {
  type: "search",
  id: "search",
  placeholder: "words of a test's name",
  maxlength: MOST_WORDS,
  autocomplete: "off",
});
const standing = el("span", { class: "standing", role: "status" }, "connects");
const about = el("span", { class: "quiet" });
let board: Board | undefined;
let view: View = { title: "", element: main };

/** What is at an address. */
function viewAt({ pathname, searchParams }: URL): View {
  const [, place = "", ...rest] = pathname.split("/");
  if (place === "tests" && rest.length === 1) return new TestView(decoded(rest[0] ?? ""));
  if (place === "tests") return new MatrixView(searchParams.get("q") ?? "");
  if (place === "runs" && rest.length === 1) return new RunView(Number(rest[0]));
  if (place === "runs") return new RunsView();
  return new NowView();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // No test has such an address; its view says so.
    if (!(error instanceof URIError)) throw error;
    return text;
  }
}

function show(): void {
  const url = new URL(location.href);
  view = viewAt(url);
  document.title = view.title === "tickproof" ? view.title : `${view.title} – tickproof`;
  for (const link of links) {
    const path = link.getAttribute("href") ?? "";
    const isHere = path === "/" ? url.pathname === "/" : url.pathname.startsWith(path);
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  words.value = url.searchParams.get("q") ?? "";
  main.replaceChildren(view.element);
  if (board !== undefined) view.board?.(board);
}

/** Goes to an address of this page without loading it again. */
function go(path: string): void {
  history.pushState(undefined, "", path);
  show();
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
  announce(view.title);
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
  const href = link?.getAttribute("href") ?? "";
  if (!isPlain || event.defaultPrevented || !href.startsWith("/")) return;
  event.preventDefault();
  go(href);
});
addEventListener("popstate", show);

const search = el("form", { role: "search" }, el("label", {}, "Search ", words));
search.addEventListener("submit", (event) => {
  event.preventDefault();
  go(words.value.trim() === "" ? "/tests" : `/tests?q=${encodeURIComponent(words.value.trim())}`);
});

document.body.append(
  el(
    "header",
    {},
    el("h1", {}, el("a", { href: "/" }, "tickproof")),
    el("nav", { "aria-label": "Pages" }, ...links),
    standing,
    el("span", { class: "room" }),
    search,
    themeButton(),
  ),
  main,
  el("footer", {}, about),
  liveRegion(),
);
main.append(nothing("…"));
show();

listen({
  board(next) {
    board = next;
    about.textContent = `${next.store}, tickproof ${next.version}`;
    view.board?.(next);
  },
  attempts: (attempts) => view.attempts?.(attempts),
  standing(isUp) {
    standing.textContent = isUp ? "live" : "connects again";
    standing.classList.toggle("up", isUp);
  },
});

void ask<{ user?: string }>("/api/user").then(
  ({ user }) => {
    if (user !== undefined) standing.title = `as ${user}`;
  },
  // Who it is shown to is not worth a word where the server does not answer.
  () => undefined,
);
