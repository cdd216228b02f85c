// Two stores side by side: the same question, and which items both find.
import { search } from "./api.js";
import { counted, find, h, opensTab, put } from "./dom.js";
import { face, grid, skeletons } from "./grid.js";
import { captionOf, nameOf } from "./names.js";
import { nothing, problem } from "./notices.js";
import { isAsked, searchBody } from "./question.js";
import { go, keyOf, linkTo, now } from "./state.js";

let collection = null;
let turn = 0;

/** Builds the view for a collection. */
export function buildCompare(described) {
  collection = described;
}

/** Draws what is looked at. */
export async function showCompare() {
  const mine = ++turn;
  const stores = [collection.name, collection.stores.includes(now.other) && now.other !== collection.name ? now.other : collection.stores.find((name) => name !== collection.name)];
  const summary = h("p", { class: "count", role: "status", "aria-live": "polite" });
  const sides = stores.map((store, at) => ({ store, place: h("div", {}, isAsked(now) ? skeletons(12) : null), select: choose(store, at, stores) }));
  put(find("compare"), h("div", { class: "toolbar" }, summary), h("div", { class: "sides" }, sides.map((side) => h("section", { "aria-label": side.store }, h("div", { class: "side-head" }, side.select), side.place))));
  if (!isAsked(now)) return void put(find("compare"), h("div", { class: "sides" }, sides.map((side) => h("div", { class: "side-head" }, side.select))), nothing("Ask both", "The same words or picture go to both collections; what both find is marked."));
  const found = await Promise.all(sides.map((side) => ask(side.store)));
  if (mine !== turn) return;
  const ranks = found.map(({ hits = [] }) => new Map(hits.map((hit, rank) => [keyOf(hit), rank + 1])));
  sides.forEach((side, at) => {
    const { hits, error } = found[at];
    if (error) return put(side.place, problem(error, showCompare));
    put(side.place, hits.length ? grid(side.store, hits.map((hit, rank) => compared(side.store, hit, rank + 1, ranks[1 - at].get(keyOf(hit))))) : nothing("No results", "Nothing here passes the filters."));
  });
  const shared = [...ranks[0].keys()].filter((key) => ranks[1].has(key)).length;
  if (found.every(({ hits }) => hits)) summary.textContent = `${counted(shared, "item")} of the nearest ${Math.max(ranks[0].size, ranks[1].size)} in both`;
}

async function ask(store) {
  try {
    return await search(searchBody(now, collection, { store }));
  } catch (error) {
    return { error };
  }
}

function compared(store, hit, rank, other) {
  const name = nameOf(hit);
  const moved = other === undefined ? null : other === rank ? "same rank" : `${other} there`;
  const light = (on) => () => document.querySelectorAll(`#compare li[data-key="${CSS.escape(keyOf(hit))}"]`).forEach((item) => item.classList.toggle("lit", on));
  const patch = { item: keyOf(hit), of: store === collection.name ? "" : store };
  const open = (event) => {
    if (opensTab(event)) return;
    event.preventDefault();
    go(patch);
  };
  const shown = [face(store, hit), h("span", { class: "name", title: name }, captionOf(hit)), h("span", { class: "score" }, h("span", { class: "number" }, `${rank}.`), h("span", { class: "number" }, hit.score.toFixed(2)), moved ? h("span", { class: "mark" }, moved) : null)];
  const link = h("a", { href: linkTo(patch), class: "card", "aria-label": `${rank}: ${name}${moved ? `, in both, ${moved}` : ""}`, onclick: open, onmouseenter: light(true), onmouseleave: light(false), onfocus: light(true), onblur: light(false) }, shown);
  return h("li", { "data-key": keyOf(hit) }, link);
}

function choose(store, at, stores) {
  const change = (event) => {
    const name = event.target.value;
    const other = stores[1 - at] === name ? store : stores[1 - at];
    go(at === 0 ? { store: name, other } : { store: other, other: name });
  };
  return h("select", { "aria-label": at === 0 ? "First collection" : "Second collection", onchange: change }, collection.stores.map((name) => h("option", { value: name, selected: name === store }, name)));
}
