// Questions about a photo: stored, dropped or chosen; the answer may be a place on it.
import { ask, pictureUrl } from "./api.js";
import { capital, find, h, put, svg } from "./dom.js";
import { icon } from "./icons.js";
import { recall } from "./memory.js";
import { problem, tell } from "./notices.js";
import { choosePicture, keepPicture } from "./picture-file.js";
import { hits } from "./results.js";
import { go, keyOf, now, rowOf } from "./state.js";

const VERBS = {
  ask: { label: "Question", hint: "What is on the table?", button: "Ask" },
  verify: { label: "Statement", hint: "A dog is asleep.", button: "Verify" },
  point: { label: "What to find", hint: "the red cup", button: "Point" },
  choose: { label: "Question", hint: "Why do they laugh?", button: "Choose" },
};
let collection = null;
let told = null;
let drawn = "";

/** Builds the view for a collection. */
export function buildAsk(described) {
  collection = described;
  drawn = "";
}

/** Makes a file of the visitor the photo. */
export async function takePhoto(file) {
  if (!file) return;
  try {
    go({ view: "ask", photo: `file:${await keepPicture(file, collection.most_bytes)}` });
  } catch (error) {
    tell(error.message);
  }
}

/** Draws what is looked at. */
export function showAsk() {
  const verb = collection.verbs.includes(now.verb) ? now.verb : collection.verbs[0];
  const key = JSON.stringify([verb, now.photo, now.text, now.options, now.reasons]);
  if (key === drawn) return;
  drawn = key;
  told = h("div", { class: "answer", "aria-live": "polite" });
  const photo = photoOf(now.photo);
  put(find("ask"), h("div", { class: "asking" }, stage(photo), h("div", { class: "ask-side" }, verbs(verb), form(verb, photo), told)));
}

/** `{url, sent}` of the photo that the address names; null if there is none. */
function photoOf(key) {
  if (!key) return null;
  if (!key.startsWith("file:")) return { url: pictureUrl(now.store || null, rowOf(key), 1024), sent: rowOf(key) };
  const kept = recall(key.slice(5));
  return kept ? { url: kept.url, sent: { base64: kept.base64 } } : null;
}

function stage(photo) {
  const choose = async () => takePhoto((await choosePicture())[0]);
  const button = (text) => h("button", { type: "button", class: "button", onclick: choose }, icon("picture"), text);
  if (!photo) {
    const found = hits.filter((hit) => hit.picture).slice(0, 8);
    const stored = (hit) => h("li", {}, h("button", { type: "button", "aria-label": `Ask about ${hit.metadata.name ?? hit.id}`, onclick: () => go({ photo: keyOf(hit) }) }, h("img", { src: pictureUrl(now.store || null, hit, 96), alt: "" })));
    return h("div", { class: "photo empty" }, h("h2", {}, "Which photo?"), h("p", { class: "faint" }, "Drop one anywhere, paste it, or choose a file. Each stored picture has “Ask about it” too."), button("Choose a photo"), found.length ? h("ul", { class: "last-hits", "aria-label": "Of the last search" }, found.map(stored)) : null);
  }
  const image = h("img", { src: photo.url, alt: "The photo that is asked about", id: "photo" });
  image.addEventListener("load", () => (image.style.width = `min(${2 * image.naturalWidth}px, ${(58 * image.naturalWidth) / image.naturalHeight}dvh)`));
  image.addEventListener("error", () => put(find("ask").querySelector(".photo"), h("p", { class: "faint" }, "This picture cannot be shown.")));
  return h("div", { class: "photo-side" }, h("div", { class: "photo" }, h("div", { class: "photo-frame" }, image, svg("svg", { id: "boxes", viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }))), h("p", { class: "row" }, button("Another photo")));
}

function verbs(verb) {
  const button = (name) => h("button", { type: "button", "aria-pressed": String(name === verb), onclick: () => go({ verb: name, text: find("question").value }) }, name);
  return h("div", { class: "segments", role: "group", "aria-label": "What to do" }, collection.verbs.map(button));
}

function form(verb, photo) {
  const { label, hint, button } = VERBS[verb] ?? { label: "Text", hint: "", button: capital(verb) };
  const field = (id, name, given) => [h("label", { for: id }, name), given];
  const lines = (id, value, placeholder) => h("textarea", { id, rows: 4, value: value.join("\n"), placeholder });
  const question = h("input", { type: "text", id: "question", value: now.text, placeholder: hint, autocomplete: "off", maxlength: 2000 });
  const send = h("button", { class: "button main", disabled: !photo }, button);
  const options = verb === "choose" ? lines("options", now.options, "One answer on each line") : null;
  const reasons = verb === "choose" ? lines("reasons", now.reasons, "Optional: one reason on each line") : null;
  const submit = async (event) => {
    event.preventDefault();
    const listed = (area) => area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const asked = { verb, text: question.value.trim() };
    if (!asked.text) return question.focus();
    if (options && listed(options).length < 2) return tell("Give at least two answers to choose from, one on each line."), options.focus();
    if (options) asked.options = listed(options);
    if (reasons && listed(reasons).length > 1) asked.rationales = listed(reasons);
    drawn = JSON.stringify([verb, now.photo, asked.text, asked.options ?? [], asked.rationales ?? []]);
    go({ verb, text: asked.text, options: asked.options ?? [], reasons: asked.rationales ?? [] }, { replace: true });
    send.disabled = true;
    await answer(asked, photo);
    send.disabled = false;
  };
  return h("form", { class: "question", onsubmit: submit }, field("question", label, question), options && field("options", "Answers", options), reasons && field("reasons", "Reasons", reasons), h("div", {}, send, photo ? null : h("span", { class: "faint beside" }, "A photo comes first.")));
}

async function answer(asked, photo) {
  put(told, h("div", { class: "skeleton" }, h("span", { class: "line" }), h("span", { class: "line short" })));
  find("boxes")?.replaceChildren();
  try {
    const body = { ...asked, photo: photo.sent, ...(now.store ? { store: now.store } : {}) };
    const found = await ask(body);
    put(told, said(found), found.reason ? [h("h3", {}, "The reason"), said(found.reason)] : []);
    if (found.box) drawBox(found.box);
  } catch (error) {
    put(told, problem(error, () => answer(asked, photo)));
  }
}

function said(found) {
  const sure = h("span", { class: "bar" }, h("span", {}));
  sure.firstChild.style.width = `${Math.round(100 * Math.min(1, Math.max(0, found.confidence ?? 0)))}%`;
  const confidence = found.confidence === null || found.confidence === undefined ? null : h("p", { class: "score" }, sure, h("span", { class: "number" }, `${Math.round(100 * found.confidence)} % confident`));
  return h("div", { class: found.sure ? "said" : "said unsure" }, h("p", { class: "said-text" }, found.text || (found.box ? "Here." : "Nothing.")), found.sure ? null : h("p", { class: "mark" }, "Not sure"), confidence);
}

function drawBox([left, top, right, bottom]) {
  const place = { x: 100 * left, y: 100 * top, width: 100 * (right - left), height: 100 * (bottom - top) };
  put(find("boxes"), svg("rect", { class: "halo", ...place }), svg("rect", { class: "found", ...place }));
}
