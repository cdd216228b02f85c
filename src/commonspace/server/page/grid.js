// The grid of hits: cards with pictures or texts, and the arrow keys that move among them.
import { pictureUrl } from "./api.js";
import { h, opensTab } from "./dom.js";
import { icon } from "./icons.js";
import { captionOf, nameOf } from "./names.js";
import { addChip } from "./querybar.js";
import { go, keyOf, linkTo } from "./state.js";

const SMALL = 130;

/** A picture that comes when it is seen; one that fails is asked for once more, then left out. */
export function picture(store, row, side) {
  let tries = 0;
  const came = ({ target }) => target.classList.add("here", Math.max(target.naturalWidth, target.naturalHeight) < SMALL ? "drawn" : "filled");
  const failed = (event) => {
    const image = event.target;
    tries += 1;
    if (tries === 1) setTimeout(() => (image.src = `${pictureUrl(store, row, side)}&again=1`), 1500);
    else image.replaceWith(h("span", { class: "no-picture" }, "no picture"));
  };
  return h("img", { src: pictureUrl(store, row, side), alt: "", loading: "lazy", decoding: "async", draggable: "false", onload: came, onerror: failed });
}

/** What a row looks like: its picture, or its text. */
export function face(store, row, side = 256) {
  if (row.picture) return h("div", { class: "face" }, picture(store, row, side));
  return h("div", { class: "face words" }, h("p", {}, row.text || nameOf(row)));
}

/** A link that opens an item. */
export function opener(row, given, ...children) {
  const patch = { item: keyOf(row) };
  const open = (event) => {
    if (opensTab(event)) return;
    event.preventDefault();
    go(patch);
  };
  return h("a", { href: linkTo(patch), onclick: open, ...given }, children);
}

/** A hit as a card. */
export function card(store, hit, { scored = true } = {}) {
  const name = nameOf(hit);
  const score = h("span", { class: "bar" }, h("span", {}));
  score.firstChild.style.width = `${Math.round(100 * Math.min(1, Math.max(0, hit.score)))}%`;
  const link = opener(
    hit,
    { class: "card", "aria-label": scored ? `${name}, ${hit.modality}, score ${hit.score.toFixed(2)}` : `${name}, ${hit.modality}` },
    face(store, hit),
    h("span", { class: "name", title: name }, captionOf(hit)),
    scored ? h("span", { class: "score" }, score, h("span", { class: "number" }, hit.score.toFixed(2))) : null,
    scored ? h("span", { class: "why" }) : null,
  );
  const chip = (away) => () => addChip("item", keyOf(hit), away);
  const more = h(
    "span", { class: "tools" },
    h("button", { type: "button", tabindex: -1, title: "Search with this", "aria-label": `Search with ${name}`, onclick: chip(false) }, icon("plus")),
    h("button", { type: "button", tabindex: -1, title: "Push away", "aria-label": `Push ${name} away`, onclick: chip(true) }, icon("minus")),
  );
  return h("li", { "data-key": keyOf(hit) }, link, more);
}

/** Writes the words that are nearest to each hit into its card. */
export function fillWhy(list, hits) {
  const cards = new Map([...list.querySelectorAll("li[data-key]")].map((item) => [item.dataset.key, item]));
  for (const hit of hits) {
    const place = cards.get(keyOf(hit))?.querySelector(".why");
    const near = hit.why.map((why) => why.text).filter((text) => text !== nameOf(hit) && text !== hit.text);
    if (!place || !near.length) continue;
    place.textContent = near.join(" · ");
    place.title = `Nearest words: ${near.join(", ")}`;
  }
}

/** A list of cards. */
export function grid(label, cards) {
  const list = h("ul", { class: "grid", "aria-label": label }, cards);
  list.addEventListener("keydown", move);
  list.addEventListener("focusin", (event) => event.target.matches("a.card") && only(list, event.target));
  only(list, list.querySelector("a.card"));
  return list;
}

/** Adds cards to a list, and moves to the first of them. */
export function grow(list, cards) {
  list.append(...cards);
  if (cards.length) only(list, cards[0].querySelector("a.card")).focus({ preventScroll: true });
}

/** Cards that are not there yet. */
export function skeletons(count) {
  const empty = () => h("li", { class: "skeleton" }, h("span", { class: "face" }), h("span", { class: "line" }), h("span", { class: "line short" }));
  return h("ul", { class: "grid", "aria-hidden": "true" }, Array.from({ length: count }, empty));
}

function only(list, chosen) {
  for (const link of list.querySelectorAll("a.card")) link.tabIndex = link === chosen ? 0 : -1;
  return chosen;
}

function move(event) {
  const list = event.currentTarget;
  const links = [...list.querySelectorAll("a.card")];
  const at = links.indexOf(document.activeElement);
  if (at < 0) return;
  const columns = getComputedStyle(list).gridTemplateColumns.split(" ").length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, Home: -at, End: links.length - 1 - at }[event.key];
  if (step === undefined) return;
  event.preventDefault();
  if (event.key === "ArrowUp" && at < columns) return document.getElementById("words")?.focus();
  links[Math.min(links.length - 1, Math.max(0, at + step))].focus();
}
