// "As of": a time from which the search looks, and how far it sees.
import { h, put, settled } from "./dom.js";
import { small, strip } from "./item.js";
import { problem } from "./notices.js";
import { asOf, isAsked, isTime, reachOf } from "./question.js";
import { searched } from "./results.js";
import { asNumber, asText, limits } from "./span.js";
import { FIRST, go, now } from "./state.js";

let turn = 0;

/** Draws the slider, and the nearest items as of that time. */
export function asOfPanel(place, collection) {
  const { dates } = collection.time;
  const { min, max, step } = limits(collection.time);
  const at = isTime(now.at, collection);
  const value = at ? asNumber(now.at, dates) : max;
  const [kind, length] = (now.reach || `decay:${reachOf(collection)}`).split(":");
  const told = h("output", { for: "as-of" }, at ? asText(value, dates) : "any time");
  const set = settled(250, (number) => go({ at: asText(number, dates), k: FIRST }, { replace: true }));
  const slide = (event) => {
    told.textContent = asText(Number(event.target.value), dates);
    set(Number(event.target.value));
  };
  const slider = h("input", { type: "range", id: "as-of", min, max, step, value, oninput: slide });
  const way = (name, text) => h("button", { type: "button", id: `reach-${name}`, "aria-pressed": String(kind === name), disabled: !at, onclick: () => go({ reach: `${name}:${length}` }, { replace: true }) }, text);
  const reach = h("input", { type: "number", id: "reach", min: 0, step: "any", value: length, disabled: !at, "aria-label": dates ? "Days" : "How far", onchange: (event) => Number(event.target.value) > 0 && go({ reach: `${kind}:${event.target.value}` }, { replace: true }) });
  const off = h("button", { type: "button", class: "plain", hidden: !at, onclick: () => go({ at: "", reach: "" }, { replace: true }) }, "Any time");
  const results = h("div", { class: "as-of-hits" });
  const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
  put(
    place,
    h("section", { class: "as-of", "aria-label": "As of" }, h("div", { class: "as-of-line" }, h("label", { for: "as-of" }, "Search as of"), slider, told, off), h("div", { class: "row" }, h("div", { class: "segments", role: "group", "aria-label": "How" }, way("decay", "fading over"), way("within", "only within")), reach, h("span", { class: "faint" }, dates ? "days" : ""))),
    results,
  );
  if (focused) document.getElementById(focused)?.focus();
  if (at && isAsked(now)) showHits(results, collection);
}

async function showHits(place, collection) {
  const mine = ++turn;
  try {
    const { hits } = await searched(now, collection);
    if (mine === turn) put(place, strip(`Nearest as of ${asOf(now, collection).at}`, hits.slice(0, 16).map(small), "h2"));
  } catch (error) {
    if (mine === turn && error.name !== "AbortError") put(place, problem(error, () => showHits(place, collection)));
  }
}
