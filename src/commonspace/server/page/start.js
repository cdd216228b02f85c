// The start: what is here, a few searches to begin with, and some items at random.
import { facets, search } from "./api.js";
import { counted, h, put, sample } from "./dom.js";
import { card, grid, skeletons } from "./grid.js";
import { icon } from "./icons.js";
import { placesOf } from "./map-places.js";
import { namingField } from "./names.js";
import { nothing, problem } from "./notices.js";
import { modalityOf, whereOf } from "./question.js";
import { noteRows } from "./rows.js";
import { go, now } from "./state.js";

const SHOWN = 18;
const names = new Map();

/** Draws it; `current` tells whether it is still wanted. */
export async function showStart(place, collection, current) {
  const where = whereOf(now, collection);
  const examples = h("p", { class: "examples" });
  const items = h("div", {}, skeletons(SHOWN));
  const shuffle = h("button", { type: "button", class: "plain", onclick: () => fill() }, icon("shuffle"), "Others");
  const title = where ? "Some of what passes the filters" : "Some of what is here";
  put(place, h("div", { class: "start" }, where ? null : intro(collection, examples), h("div", { class: "section-head" }, h("h2", {}, title), shuffle), items));
  place.classList.remove("waiting");

  async function fill() {
    try {
      const found = await namesOf(collection, where);
      if (!current()) return;
      put(examples, sample(found, 5).map(example));
      const hits = found.length ? await named(collection, where, found) : await placed(collection, where);
      if (!current()) return;
      noteRows(now.store, hits);
      const cards = hits.map((hit) => card(now.store, hit, { scored: false }));
      put(items, hits.length ? grid("Some items", cards) : nothing("Nothing to show yet", where ? "No stored item passes all the filters." : "Ask with words or a picture."));
    } catch (error) {
      if (current()) put(items, problem(error, fill));
    }
  }
  await fill();
}

function intro(collection, examples) {
  const held = Object.entries(collection.modalities).map(([name, rows]) => counted(rows, name, name === "text" || name === "image" ? `${name}s` : name));
  const [words, pictures] = ["text", "image"].map((modality) => collection.encoded.includes(modality));
  const asked = words && pictures ? "Ask with words, with a picture, or with both." : words ? "Ask with words." : pictures ? "Ask with a picture." : "Begin with any item, and see what is near.";
  const list = held.length > 1 ? `${held.slice(0, -1).join(", ")} and ${held.at(-1)}` : held[0];
  return h("div", { class: "intro" }, h("h2", {}, "What are you looking for?"), h("p", {}, `${list} in one space. ${asked}`), examples);
}

function example(text) {
  return h("button", { type: "button", class: "pill", onclick: () => go({ q: text }) }, text);
}

/** Names of items that pass the filters. */
async function namesOf(collection, where) {
  const field = namingField(collection);
  if (!field || !collection.encoded.includes("text")) return [];
  const key = JSON.stringify([now.store, where]);
  if (!names.has(key)) {
    const answer = await facets({ fields: [field], most: 1000, ...(where ? { where } : {}), ...(now.store ? { store: now.store } : {}) });
    names.set(key, answer[field].map((entry) => String(entry.value)));
  }
  return names.get(key);
}

/** Items with names drawn at random. */
function named(collection, where, found) {
  const drawn = sample(found, SHOWN);
  return among(collection, { text: drawn[0] }, where, { [namingField(collection)]: { in: drawn } });
}

/** Items drawn from the map, where there are no words to ask with. */
async function placed(collection, where) {
  if (!collection.map) return [];
  const places = await placesOf(now.store);
  const drawn = sample(places.ids, where ? 5000 : SHOWN);
  return drawn.length ? among(collection, { item: places.row(places.ids.indexOf(drawn[0])) }, where, { id: { in: drawn } }) : [];
}

async function among(collection, query, where, drawn) {
  const to = modalityOf(now, collection);
  const body = { query, k: SHOWN, where: where ? { and: [where, drawn] } : drawn };
  if (to) body.to = to;
  if (now.store) body.store = now.store;
  return sample((await search(body)).hits, SHOWN);
}
