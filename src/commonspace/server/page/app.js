// The start of the page: asks what there is, builds the views, and shows the one that the address names.
import { collection as askCollection, onSignIn } from "./api.js";
import { buildAsk, showAsk, takePhoto } from "./ask.js";
import { buildCompare, showCompare } from "./compare.js";
import { find, h, opensTab, put } from "./dom.js";
import { showItem } from "./item.js";
import { buildMap, showMap } from "./map.js";
import { problem } from "./notices.js";
import { addPictures, buildQuery, focusQuery, forgetLost, showQuery, takePictures } from "./querybar.js";
import { buildSearch, showSearch } from "./search.js";
import { askForToken } from "./sign-in.js";
import { EMPTY, go, linkTo, now, onChange, write } from "./state.js";
import { themeButton } from "./theme.js";
import { buildTimeline, showTimeline } from "./timeline.js";

const VIEWS = {
  search: { name: "Search", build: buildSearch, show: showSearch, there: () => true },
  map: { name: "Map", build: buildMap, show: showMap, there: (c) => c.map },
  timeline: { name: "Timeline", build: buildTimeline, show: showTimeline, there: (c) => c.time !== null },
  compare: { name: "Compare", build: buildCompare, show: showCompare, there: (c) => c.stores.length > 1 },
  ask: { name: "Ask", build: buildAsk, show: showAsk, there: (c) => c.verbs.length > 0 },
};
let collection = null;

async function open() {
  const opening = find("opening");
  try {
    collection = await askCollection(now.store || null);
  } catch (error) {
    opening.hidden = false;
    return put(opening, problem(error, open));
  }
  opening.hidden = true;
  buildStores();
  buildQuery(collection);
  for (const view of Object.values(VIEWS)) if (view.there(collection)) view.build(collection);
  show();
}

function show() {
  forgetLost();
  const name = chosen();
  document.title = `${now.q ? `${now.q} – ` : ""}${VIEWS[name].name} – ${collection.name}`;
  find("heading").textContent = `${VIEWS[name].name}: ${collection.name}`;
  const link = (view) => h("a", { href: linkTo({ view, item: "", of: "" }), "aria-current": view === name ? "page" : null, onclick: (event) => visit(event, view) }, VIEWS[view].name);
  const there = Object.keys(VIEWS).filter((view) => VIEWS[view].there(collection));
  put(find("views"), there.length > 1 ? there.map(link) : []);
  for (const view of Object.keys(VIEWS)) find(view).hidden = view !== name;
  document.body.dataset.view = name;
  find("query").hidden = name === "ask";
  showQuery();
  VIEWS[name].show();
  showItem(collection);
}

function chosen() {
  const view = VIEWS[now.view];
  return view?.there(collection) ? now.view : "search";
}

function visit(event, view) {
  if (opensTab(event)) return;
  event.preventDefault();
  go({ view, item: "", of: "" });
}

function buildStores() {
  const option = (name) => h("option", { value: name, selected: name === collection.name }, name);
  const choose = (event) => go({ ...EMPTY, store: event.target.value, q: now.q, view: now.view });
  const several = collection.stores.length > 1;
  put(find("store"), several ? h("select", { "aria-label": "Collection", onchange: choose }, collection.stores.map(option)) : collection.name);
}

addEventListener("keydown", (event) => {
  const typing = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  focusQuery();
});

find("main").parentElement.querySelector(".brand").addEventListener("click", (event) => {
  if (opensTab(event)) return;
  event.preventDefault();
  go({ ...EMPTY, store: now.store });
});

themeButton(find("theme"));
onSignIn(askForToken);
takePictures((files) => (chosen() === "ask" ? takePhoto(files[0]) : addPictures(files)));
onChange((after, before) => {
  const rest = (state) => write({ ...state, item: "", of: "" });
  if (after.store !== before.store || !collection) open();
  else if (rest(after) === rest(before)) showItem(collection);
  else show();
});
open();
