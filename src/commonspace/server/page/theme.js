// Light and dark: the system's choice, or the one that the button keeps.
import { put } from "./dom.js";
import { icon } from "./icons.js";

const root = document.documentElement;
const system = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark at the moment. */
export function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : system.matches;
}

/** Calls back when light and dark change. */
export function onTheme(callback) {
  addEventListener("theme", callback);
}

/** Makes a button switch between light and dark. */
export function themeButton(button) {
  const show = () => {
    put(button, icon(isDark() ? "sun" : "moon"));
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
    dispatchEvent(new Event("theme"));
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch {
      // Kept for this visit only.
    }
    show();
  });
  system.addEventListener("change", show);
  show();
}
