// The search view: filters beside a grid of hits.
import { counted, find, h, number, put } from "./dom.js";
import { showStart } from "./start.js";
import { chosen, showFilters } from "./filters.js";
import { card, fillWhy, grid, grow, skeletons } from "./grid.js";
import { icon } from "./icons.js";
import { nothing, problem } from "./notices.js";
import { isAsked, modalityOf } from "./question.js";
import { reasons, searched } from "./results.js";
import { FIRST, go, linkTo, now } from "./state.js";

const MOST_EXPLAINED = 3 * FIRST;
let collection = null;
let filters = null;
let open = null;
let count = null;
let body = null;
let turn = 0;
let asked = "";

/** Builds the view for a collection. */
export function buildSearch(described) {
  collection = described;
  filters = h("div", { id: "filters", class: "filters", role: "region", "aria-label": "Filters" });
  count = h("p", { class: "count", role: "status", "aria-live": "polite" });
  body = h("div", { class: "results" });
  open = h("button", { type: "button", class: "button filters-button", "aria-expanded": "false", "aria-controls": "filters" }, icon("filter"), "Filters");
  open.addEventListener("click", () => {
    const shown = filters.classList.toggle("open");
    open.setAttribute("aria-expanded", String(shown));
  });
  put(find("search"), h("div", { class: "toolbar" }, modalities(), open, count), h("div", { class: "columns" }, filters, body));
}

/** Draws what is looked at. */
export async function showSearch() {
  showModalities();
  const on = chosen(collection)?.childElementCount ?? 0;
  open.lastChild.textContent = on ? `Filters: ${on}` : "Filters";
  showFilters(filters, collection);
  const mine = ++turn;
  if (!isAsked(now)) {
    count.textContent = "";
    asked = "";
    return showStart(body, collection, () => mine === turn);
  }
  if (body.querySelector(".grid:not([aria-hidden])") && !body.querySelector(".start")) body.classList.add("waiting");
  else put(body, skeletons(Math.min(now.k, 24)));
  try {
    const answer = await searched(now, collection);
    if (mine !== turn) return;
    draw(answer);
    if (answer.hits.length) explain(mine);
  } catch (error) {
    if (mine !== turn || error.name === "AbortError") return;
    count.textContent = "";
    put(body, problem(error, showSearch));
  }
  body.classList.remove("waiting");
}

function draw({ hits, ms }) {
  const key = linkTo({ k: FIRST, item: "" });
  const list = key === asked ? body.querySelector(".grid:not([aria-hidden])") : null;
  count.textContent = hits.length ? `${counted(hits.length, "result")} in ${number(Math.max(1, Math.round(ms)))} ms` : "No results";
  if (!hits.length) return put(body, none());
  if (list && hits.length >= list.children.length) {
    grow(list, hits.slice(list.children.length).map((hit) => card(now.store, hit)));
    return body.lastElementChild.replaceWith(more(hits.length));
  }
  put(body, grid("Results", hits.map((hit) => card(now.store, hit))), more(hits.length));
  body.classList.toggle("told", explained());
  if (asked && key !== asked) scrollTo({ top: 0 });
  asked = key;
}

const explained = () => "text" in collection.modalities;

/** Adds the nearest words to the cards, once the visitor has stayed with them for a moment. */
async function explain(mine) {
  if (!explained() || now.k > MOST_EXPLAINED) return;
  await new Promise((done) => setTimeout(done, 300));
  if (mine !== turn) return;
  const hits = await reasons(now, collection).catch(() => []);
  if (mine === turn) fillWhy(body, hits);
}

function none() {
  const drop = () => go({ within: {}, from: "", until: "", ids: [], lasso: "", to: "all", at: "", reach: "" });
  return nothing("Nothing fits", "No stored item passes all the filters. Loosen one, or leave them all out.", h("button", { type: "button", class: "button", onclick: drop }, "Leave the filters out"));
}

function more(shown) {
  const most = Math.min(collection.most_hits, 200);
  if (shown < now.k || now.k >= most) return h("p", { class: "more faint" }, shown >= most ? `These are the nearest ${most}; narrow the search to see others.` : "That is all.");
  const further = () => go({ k: Math.min(most, now.k + 2 * FIRST) }, { replace: true });
  return h("p", { class: "more" }, h("button", { type: "button", class: "button", onclick: further }, "Show more"));
}

function modalities() {
  const names = ["all", ...Object.keys(collection.modalities).sort()];
  const choice = (name) => h("button", { type: "button", "data-to": name, title: name === "all" ? null : counted(collection.modalities[name], "stored row"), onclick: () => go({ to: name, k: FIRST }) }, name);
  return h("div", { class: "segments", role: "group", "aria-label": "Show" }, names.map(choice));
}

function showModalities() {
  const shown = modalityOf(now, collection) ?? "all";
  for (const button of find("search").querySelectorAll("[data-to]")) button.setAttribute("aria-pressed", String(button.dataset.to === shown));
}
