// The box that takes words and pictures, and the chips of what is asked together.
import { pictureUrl } from "./api.js";
import { find, h, put, settled } from "./dom.js";
import { icon } from "./icons.js";
import { recall } from "./memory.js";
import { nameOf } from "./names.js";
import { tell } from "./notices.js";
import { choosePicture, keepPicture, picturesIn } from "./picture-file.js";
import { FIRST, go, note, now, rowOf } from "./state.js";
import { rowDetails } from "./rows.js";

let collection = null;
let input = null;
let chips = null;
let keepWords = null;
let clear = null;

/** Builds the bar for a collection. */
export function buildQuery(described) {
  collection = described;
  const takesText = collection.encoded.includes("text");
  const takesPictures = collection.encoded.includes("image");
  const asks = { type: "search", id: "words", autocomplete: "off", spellcheck: "false", enterkeyhint: "search", "aria-label": "Search with words", maxlength: 2000 };
  asks.placeholder = !takesText ? "Begin with a picture or an item" : takesPictures ? "Words, or drop a picture" : "Search with words";
  input = h("input", { ...asks, disabled: !takesText, oninput: typed, onkeydown: keyed });
  chips = h("ul", { class: "chips", "aria-label": "Asked together" });
  keepWords = h("button", { type: "button", class: "quiet", title: "Keep these words and add more", "aria-label": "Keep these words and add more", onclick: wordsToChip }, icon("plus"));
  clear = h("button", { type: "button", class: "quiet", title: "Clear", "aria-label": "Clear the search", onclick: () => { empty(); input.focus(); } }, icon("close"));
  const choose = h("button", { type: "button", class: "quiet", title: "Choose a picture", "aria-label": "Search with a picture", onclick: async () => addPictures(await choosePicture()) }, icon("picture"));
  const submitted = (event) => {
    event.preventDefault();
    search();
  };
  const box = h("form", { class: "box", role: "search", onsubmit: submitted }, icon("search"), chips, input, keepWords, clear, takesPictures ? choose : null);
  box.addEventListener("click", (event) => event.target === box && input.focus());
  put(find("query"), box);
}

/** Draws what is asked at the moment. */
export function showQuery() {
  if (!input) return;
  if (input.value.trim() !== now.q.trim()) input.value = now.q;
  put(chips, now.chips.map(chipOf));
  chips.hidden = now.chips.length === 0;
  buttons();
}

/** Takes out of the address what only another tab knows: its pictures, and its long lists of ids. */
export function forgetLost() {
  const lost = (chip) => chip.kind === "picture" && !recall(chip.of);
  if (now.chips.some(lost)) {
    note({ chips: now.chips.filter((chip) => !lost(chip)) });
    tell("A picture of this link stayed in the browser it was dropped in. Add it again to search with it.");
  }
  if (now.lasso && !recall(now.lasso)) {
    note({ lasso: "" });
    tell("The items enclosed on the map stayed in the tab they were enclosed in. Draw around them again.");
  }
}

/** Moves to the box. */
export function focusQuery() {
  input?.focus();
  input?.select();
}

/** Adds a chip, with more changes; one that is there already is turned. */
export function addChip(kind, of, away = false, more = {}) {
  const others = now.chips.filter((chip) => chip.kind !== kind || chip.of !== of);
  go({ ...more, chips: [...others, { kind, of, away }], k: FIRST });
}

/** Adds pictures of the visitor as chips. */
export async function addPictures(files) {
  for (const file of files) {
    try {
      addChip("picture", await keepPicture(file, collection.most_bytes));
    } catch (error) {
      tell(error.message);
    }
  }
}

/** Takes pictures that are dropped anywhere or pasted. */
export function takePictures(take) {
  const drop = find("drop");
  let inside = 0;
  const shown = (visible) => (drop.hidden = !visible);
  const carries = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  addEventListener("dragenter", (event) => carries(event) && shown(++inside > 0));
  addEventListener("dragleave", (event) => carries(event) && shown(--inside > 0));
  addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    shown((inside = 0) > 0);
    const pictures = picturesIn(event.dataTransfer);
    if (pictures.length) take(pictures);
    else tell("That is no picture.");
  });
  addEventListener("paste", (event) => {
    const pictures = picturesIn(event.clipboardData);
    if (!pictures.length) return;
    event.preventDefault();
    take(pictures);
  });
}

function search() {
  go({ q: input.value.trim(), k: FIRST }, { replace: now.q !== "" && input.value.trim().startsWith(now.q) });
}

const searchSoon = settled(350, () => input.value.trim() !== now.q && search());

function typed() {
  buttons();
  searchSoon();
}

function keyed(event) {
  if (event.key === "Escape") {
    event.preventDefault();
    if (input.value) empty();
    else input.blur();
  }
  if (event.key === "Backspace" && !input.value && now.chips.length) go({ chips: now.chips.slice(0, -1) });
  if (event.key === "ArrowDown") document.querySelector(".view:not([hidden]) .grid a")?.focus();
}

function empty() {
  input.value = "";
  go({ q: "", chips: [], k: FIRST });
  buttons();
}

function wordsToChip() {
  const words = input.value.trim();
  input.value = "";
  const others = now.chips.filter((chip) => chip.kind !== "text" || chip.of !== words);
  go({ q: "", chips: [...others, { kind: "text", of: words, away: false }] });
  input.focus();
}

function buttons() {
  keepWords.hidden = !input.value.trim();
  clear.hidden = !input.value && !now.chips.length;
}

function chipOf(chip) {
  const label = h("span", { class: "chip-name" });
  let thumb = null;
  if (chip.kind === "text") label.textContent = chip.of;
  if (chip.kind === "picture") {
    const picture = recall(chip.of);
    label.textContent = picture?.name ?? "picture";
    if (picture) thumb = h("img", { src: picture.url, alt: "" });
  }
  if (chip.kind === "item") thumb = itemThumb(chip, label);
  const turn = () => go({ chips: now.chips.map((other) => (other === chip ? { ...chip, away: !chip.away } : other)), k: FIRST });
  const remove = () => go({ chips: now.chips.filter((other) => other !== chip), k: FIRST });
  const sign = h("button", { type: "button", class: "sign", "aria-pressed": String(chip.away), title: chip.away ? "Pushes away; press to pull near" : "Pulls near; press to push away", "aria-label": "Push away", onclick: turn }, icon(chip.away ? "minus" : "plus"));
  return h("li", { class: chip.away ? "chip away" : "chip" }, sign, thumb, label, h("button", { type: "button", "aria-label": "Remove", onclick: remove }, icon("close")));
}

function itemThumb(chip, label) {
  const row = rowOf(chip.of);
  label.textContent = row.id;
  rowDetails(now.store, row).then((found) => found && (label.textContent = nameOf(found)), () => {});
  return row.modality === "text" ? null : h("img", { src: pictureUrl(now.store, row, 96), alt: "", onerror: (event) => event.target.remove() });
}
