/** Makes elements. Texts are put in as text only: they may be anything. */

type Child = Node | string;

/** Attributes of an element; `undefined` and `false` leave one out. */
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes an element with attributes and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children);
  return element;
}

/** A button that does something. */
export function button(text: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, text);
  made.addEventListener("click", act);
  return made;
}

/** A section of the page with its heading. */
export function section(id: string, title: string, ...children: readonly Child[]): HTMLElement {
  const heading = el("h2", { id: `${id}-title` }, title);
  return el("section", { id, "aria-labelledby": `${id}-title` }, heading, ...children);
}

/**
 * A section that is one line where there is nothing to show.
 *
 * @param nothing What that line says.
 * @param content Undefined if there is nothing.
 */
export function folded(
  id: string,
  title: string,
  nothing: string,
  content: HTMLElement | undefined,
): HTMLElement {
  if (content !== undefined) return section(id, title, content);
  const made = section(id, title);
  made.classList.add("folded");
  made.querySelector("h2")?.append(el("span", { class: "quiet" }, ` ${nothing}`));
  return made;
}

const live = el("div", { id: "live", role: "status", "aria-live": "polite", class: "hidden-text" });

/** The region that tells screen readers of changes; to be put into the page once. */
export function liveRegion(): HTMLElement {
  return live;
}

/** Tells screen readers of a change. */
export function announce(text: string): void {
  live.textContent = text;
}
