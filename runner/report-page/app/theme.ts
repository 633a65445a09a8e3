/** Light and dark: as the system says, until somebody chooses. */
import { button } from "./dom.ts";

const system = matchMedia("(prefers-color-scheme: dark)");
const listeners: (() => void)[] = [];

function isDark(): boolean {
  const { theme } = document.documentElement.dataset;
  return theme === undefined ? system.matches : theme === "dark";
}

/** Calls something after each change of the theme: canvases have their colours painted in. */
export function onThemeChange(act: () => void): void {
  listeners.push(act);
}

const changed = () => {
  for (const act of listeners) act();
};

/** The button that changes it. */
export function themeButton(): HTMLButtonElement {
  const words = () => (isDark() ? "Light" : "Dark");
  const made = button(words(), () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    changed();
  });
  made.id = "theme";
  onThemeChange(() => {
    made.textContent = words();
  });
  system.addEventListener("change", changed);
  return made;
}

/** A colour of the theme that holds, for a canvas: "--ink". */
export function colour(name: string): string {
  // A custom property is not resolved by itself: a property that takes colours resolves it.
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
