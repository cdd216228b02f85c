// One item: its pictures and texts, what is known of it, and what is nearest to it in every modality.
import { item, neighbours } from "./api.js";
import { find, h, put } from "./dom.js";
import { face, opener, picture } from "./grid.js";
import { icon } from "./icons.js";
import { captionOf, nameOf, shown } from "./names.js";
import { problem } from "./notices.js";
import { addChip } from "./querybar.js";
import { hits, onHits } from "./results.js";
import { noteRows } from "./rows.js";
import { go, keyOf, now, rowOf, storeOfItem } from "./state.js";

const NEAR = 16;
let collection = null;
let turn = 0;
let drawn = "";
let returnTo = null;

/** Opens, changes or closes the dialog, as the address says. */
export async function showItem(described) {
  collection = described;
  const dialog = find("item");
  if (!now.item) {
    drawn = "";
    if (dialog.open) dialog.close();
    return;
  }
  const row = rowOf(now.item);
  const key = `${storeOfItem()} ${now.item}`;
  if (drawn === key) return;
  drawn = key;
  const mine = ++turn;
  if (!dialog.open) returnTo = document.activeElement;
  put(dialog, bar(row), waiting());
  if (!dialog.open) dialog.showModal();
  dialog.focus();
  dialog.scrollTop = 0;
  try {
    const answer = await item(storeOfItem() || null, row.id);
    if (mine !== turn) return;
    noteRows(storeOfItem(), answer.rows);
    const chosen = answer.rows.find((other) => keyOf(other) === now.item) ?? answer.rows[0];
    const strips = h("div", { class: "strips" });
    dialog.lastElementChild.replaceWith(about(answer, chosen), strips);
    await showNeighbours(strips, chosen, () => mine === turn);
  } catch (error) {
    if (mine === turn) dialog.lastElementChild.replaceWith(problem(error, again));
  }
}

function again() {
  drawn = "";
  showItem(collection);
}

/** Tells where in the last results the item is, once these are known. */
onHits(() => find("item").open && now.item && find("item").firstElementChild?.replaceWith(bar(rowOf(now.item))));

const close = () => go({ item: "", of: "" });

find("item").addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});
find("item").addEventListener("close", () => {
  const link = hits.length ? document.querySelector(".view:not([hidden]) a.card[tabindex='0']") : null;
  (returnTo?.isConnected ? returnTo : link)?.focus?.();
});
find("item").addEventListener("click", (event) => event.target === event.currentTarget && close());
find("item").addEventListener("keydown", (event) => {
  if (event.target.closest(".strip, input")) return;
  if (event.key === "ArrowRight") step(1);
  if (event.key === "ArrowLeft") step(-1);
});

function step(by) {
  const at = hits.findIndex((hit) => keyOf(hit) === now.item);
  const next = hits[at + by];
  if (at >= 0 && next) go({ item: keyOf(next) }, { replace: true });
}

function bar(row) {
  const at = hits.findIndex((hit) => keyOf(hit) === keyOf(row));
  const button = (name, label, act, disabled) => h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick: act, disabled }, icon(name));
  const steps = at < 0 ? null : [
    button("left", "Previous result", () => step(-1), at === 0),
    h("span", { class: "faint place" }, `${at + 1} of ${hits.length}`),
    button("right", "Next result", () => step(1), at === hits.length - 1),
  ];
  return h("div", { class: "item-bar" }, steps, button("close", "Close", close));
}

function about(answer, row) {
  const texts = answer.rows.filter((other) => other.text);
  const pictures = answer.rows.filter((other) => other.picture);
  const name = nameOf(row);
  const stage = row.picture ? largePicture(row, name) : h("div", { class: "stage words" }, h("p", {}, row.text || name));
  const others = answer.rows.filter((other) => keyOf(other) !== keyOf(row));
  const parts = others.length ? h("div", { class: "parts", role: "group", "aria-label": "Other parts of this item" }, others.slice(0, 12).map((other) => part(other))) : null;
  const said = texts.filter((other) => other.text !== name && keyOf(other) !== keyOf(row));
  return h(
    "div", { class: "item-about" },
    h("div", { class: "item-seen" }, stage, parts),
    h(
      "div", { class: "item-known" },
      h("h2", { id: "item-name" }, name),
      h("p", { class: "faint small-id" }, [row.modality, row.part ? `part ${row.part}` : null, row.id].filter(Boolean).join(" · ")),
      said.slice(0, 6).map((other) => h("blockquote", {}, other.text)),
      actions(row, pictures),
      table(row.metadata),
    ),
  );
}

function largePicture(row, name) {
  const image = picture(storeOfItem(), row, 1024);
  image.alt = name;
  image.loading = "eager";
  image.addEventListener("load", () => (image.style.maxWidth = image.style.maxHeight = `min(90%, ${3 * Math.max(image.naturalWidth, image.naturalHeight)}px)`));
  return h("div", { class: "stage" }, image);
}

function part(row) {
  if (!row.picture) return opener(row, { class: "pill" }, row.text || row.modality);
  return opener(row, { class: "part", "aria-label": `${row.modality}: ${nameOf(row)}` }, face(storeOfItem(), row, 96));
}

function actions(row, pictures) {
  const chip = (away) => () => addChip("item", keyOf(row), away, { item: "", of: "", store: storeOfItem(), view: now.view === "ask" ? "search" : now.view });
  const about = row.picture ? row : pictures[0];
  const asks = collection.verbs.length && about;
  return h(
    "div", { class: "row item-actions" },
    h("button", { type: "button", class: "button main", onclick: chip(false) }, icon("search"), "Search with this"),
    h("button", { type: "button", class: "button", onclick: chip(true) }, icon("minus"), "Push away"),
    collection.map && now.view !== "map" ? h("button", { type: "button", class: "button", onclick: () => go({ view: "map", look: `at:${keyOf(row)}`, item: "", of: "", store: storeOfItem() }) }, icon("place"), "On the map") : null,
    asks ? h("button", { type: "button", class: "button", onclick: () => go({ view: "ask", photo: keyOf(about), item: "", of: "", store: storeOfItem() }) }, icon("ask"), "Ask about it") : null,
  );
}

function table(metadata) {
  const entries = Object.entries(metadata).filter(([, value]) => value !== null && value !== "");
  if (!entries.length) return null;
  return h("dl", { class: "facts" }, entries.map(([field, value]) => h("div", {}, h("dt", {}, field), h("dd", {}, shown(value)))));
}

async function showNeighbours(place, row, current) {
  put(place, strip("Nearest", Array.from({ length: 8 }, () => h("li", { class: "skeleton" }, h("span", { class: "face" })))));
  try {
    const found = await neighbours(storeOfItem() || null, row, NEAR);
    if (!current()) return;
    const near = Object.entries(found).filter(([, list]) => list.length);
    noteRows(storeOfItem(), near.flatMap(([, list]) => list));
    put(place, near.map(([modality, list]) => strip(`Nearest: ${modality}`, list.map(small))));
  } catch (error) {
    if (current()) put(place, problem(error, () => showNeighbours(place, row, current)));
  }
}

/** A row of small cards that scrolls sideways. */
export function strip(title, cards, level = "h3") {
  return h("section", { class: "strip-section" }, h(level, {}, title), h("ul", { class: "strip" }, cards));
}

/** A hit as a small card. */
export function small(hit) {
  const name = nameOf(hit);
  return h("li", {}, opener(hit, { class: "small-card", "aria-label": `${name}, ${hit.modality}, score ${hit.score.toFixed(2)}` }, face(storeOfItem(), hit, 256), h("span", { class: "name", title: name }, captionOf(hit))));
}

function waiting() {
  return h("div", { class: "item-about", "aria-hidden": "true" }, h("div", { class: "skeleton" }, h("span", { class: "face" })), h("div", { class: "skeleton" }, h("span", { class: "line" }), h("span", { class: "line short" })));
}
