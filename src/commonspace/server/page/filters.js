// Filters: lists of values with counts, a span of time, and what was enclosed on the map.
import { facets } from "./api.js";
import { counted, h, number, put } from "./dom.js";
import { icon } from "./icons.js";
import { recall } from "./memory.js";
import { problem } from "./notices.js";
import { asOf, facetFields, whereOf } from "./question.js";
import { span } from "./span.js";
import { FIRST, go, now } from "./state.js";

const MOST = 30;
const SHOWN = 8;
let asked = "";
const wide = new Set();

/** Draws the filters; the values are counted among the items that pass the other filters. */
export async function showFilters(place, collection) {
  const fields = facetFields(collection).slice(0, 20);
  const key = JSON.stringify([now.store, now.within, now.from, now.until, now.ids, now.lasso, now.at, now.reach, [...wide]]);
  if (key === asked) return;
  asked = key;
  if (!place.hasChildNodes()) put(place, waiting());
  try {
    const found = await count(collection, fields);
    if (key !== asked) return;
    const lists = fields.filter((field) => found[field].length && worthwhile(collection, field, found[field])).map((field) => list(place, collection, field, found[field]));
    const focused = place.contains(document.activeElement) ? document.activeElement.id : "";
    put(place, chosen(collection), collection.time ? span(collection) : null, lists);
    if (focused) document.getElementById(focused)?.focus();
  } catch (error) {
    asked = "";
    put(place, problem(error, () => showFilters(place, collection)));
  }
}

/** The filters that are on, as chips that can be taken away. */
export function chosen(collection) {
  const chips = [];
  const add = (text, patch) => chips.push(h("li", { class: "chip" }, h("span", { class: "chip-name" }, text), h("button", { type: "button", "aria-label": `Remove the filter ${text}`, onclick: () => go({ ...patch, k: FIRST }) }, icon("close"))));
  const enclosed = now.lasso ? recall(now.lasso)?.ids : now.ids;
  if (enclosed?.length) add(`${counted(enclosed.length, "item")} of the map`, { lasso: "", ids: [] });
  if (now.from || now.until) add(`${now.from || "…"} – ${now.until || "…"}`, { from: "", until: "" });
  const then = asOf(now, collection);
  if (then.at !== undefined) add(`as of ${then.at}, ${then.within ? `within ${then.within}` : `fading over ${then.decay}`}${collection.time.dates ? " days" : ""}`, { at: "", reach: "" });
  for (const [field, values] of Object.entries(now.within)) {
    for (const value of values) add(value, { within: without(field, value) });
  }
  return chips.length ? h("ul", { class: "chips", "aria-label": "Filters that are on" }, chips) : null;
}

async function count(collection, fields) {
  const open = fields.filter((field) => !now.within[field]);
  const groups = [open, ...fields.filter((field) => now.within[field]).map((field) => [field])].filter((group) => group.length);
  const bodies = groups.map((group) => {
    const where = whereOf(now, collection, group === open ? null : group[0]);
    return { fields: group, most: MOST + 1, ...(where ? { where } : {}), ...(now.store ? { store: now.store } : {}) };
  });
  return Object.assign({}, ...(await Promise.all(bodies.map((body) => facets(body)))));
}

/** Values that repeat: neither a name for each item nor one value for all. */
function worthwhile(collection, field, values) {
  if (now.within[field]) return true;
  if (collection.fields[field].includes("list") || field === "label") return values.length > 1;
  return values.length > 1 && values.length <= MOST && values.some((entry) => entry.items > 1);
}

function list(place, collection, field, values) {
  const on = now.within[field] ?? [];
  const texts = values.map((entry) => String(entry.value));
  const all = [...values, ...on.filter((value) => !texts.includes(value)).map((value) => ({ value, items: 0 }))];
  const seen = wide.has(field) ? all : all.filter((entry, at) => at < SHOWN || on.includes(String(entry.value)));
  const box = (entry, at) => {
    const value = String(entry.value);
    const id = `filter-${field}-${at}`.replace(/\s/g, "-");
    const input = h("input", { type: "checkbox", id, checked: on.includes(value), onchange: (event) => go({ within: event.target.checked ? withValue(field, value) : without(field, value), k: FIRST }) });
    return h("li", {}, h("label", { for: id }, input, h("span", { class: "value" }, value), h("span", { class: "items" }, number(entry.items))));
  };
  const grow = () => {
    if (!wide.delete(field)) wide.add(field);
    showFilters(place, collection);
  };
  const rest = all.length - seen.length;
  const button = rest > 0 || wide.has(field) ? h("button", { type: "button", class: "plain", onclick: grow }, rest > 0 ? `${rest} more` : "Fewer") : null;
  return h("fieldset", { class: "facet" }, h("legend", {}, field), h("ul", {}, seen.map(box)), button);
}

function withValue(field, value) {
  return { ...now.within, [field]: [...(now.within[field] ?? []), value] };
}

function without(field, value) {
  const { [field]: values = [], ...others } = now.within;
  const left = values.filter((other) => other !== value);
  return left.length ? { ...others, [field]: left } : others;
}

function waiting() {
  return h("div", { class: "facet skeleton", "aria-hidden": "true" }, Array.from({ length: 6 }, () => h("span", { class: "line" })));
}
