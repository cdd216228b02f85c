// The timeline: how far a question or a class spreads over time, and what is nearest in each part of it.
import { facets, Refused, timeline } from "./api.js";
import { asOfPanel } from "./as-of.js";
import { counted, find, h, put } from "./dom.js";
import { curve } from "./curve.js";
import { small } from "./item.js";
import { nothing, problem } from "./notices.js";
import { DAY, facetFields, isAsked, isTime, modalityOf, questionOf } from "./question.js";
import { noteRows } from "./rows.js";
import { asNumber, limits } from "./span.js";
import { go, now } from "./state.js";

const NEAREST = 4;
const COLUMN = 82;
let collection, choice, body, asOf, frame;
let turn = 0;
let drawn = { key: "", bins: [] };

/** Builds the view for a collection. */
export function buildTimeline(described) {
  collection = described;
  drawn = { key: "", bins: [] };
  choice = h("div", { class: "toolbar" });
  asOf = h("div", {});
  body = h("div", { class: "over-time" });
  put(find("timeline"), choice, asOf, body);
  new ResizeObserver(() => drawn.bins.length && drawCurve()).observe(body);
}

/** Draws what is looked at. */
export async function showTimeline() {
  const mine = ++turn;
  try {
    const subject = await chooseSubject();
    if (mine !== turn) return;
    asOfPanel(asOf, collection);
    if (!subject) return void put(body, nothing("Ask something", "Words or a picture, and you see how they spread over time."));
    const request = { ...subject, bins: binCount(), k: NEAREST };
    const to = modalityOf(now, collection);
    if (to) request.to = to;
    if (now.store) request.store = now.store;
    const key = JSON.stringify(request);
    if (key !== drawn.key) {
      if (drawn.bins.length) body.classList.add("waiting");
      else put(body, h("div", { class: "skeleton", "aria-hidden": "true" }, h("span", { class: "curve-space" })));
      const answer = await timeline(request);
      if (mine !== turn) return;
      drawn = { key, bins: answer.bins };
      noteRows(now.store, answer.bins.flatMap((bin) => bin.nearest));
      draw();
    } else drawCurve();
  } catch (error) {
    drawn = { key: "", bins: [] };
    if (mine === turn) put(body, problem(error, showTimeline));
  }
  body.classList.remove("waiting");
}

/** One bin for each whole time where these are few, else twelve. */
function binCount() {
  const { min, max, step } = limits(collection.time);
  return !collection.time.dates && step === 1 && max - min < 24 ? max - min + 1 : 12;
}

/** The question, or the class: the chosen one, else the most frequent. */
async function chooseSubject() {
  const fields = facetFields(collection);
  const byClass = now.field in collection.fields || !isAsked(now);
  const field = now.field in collection.fields ? now.field : fields.includes("label") ? "label" : fields[0];
  if (byClass && !field) return null;
  const button = (name, on, act) => h("button", { type: "button", "aria-pressed": String(on), onclick: act }, name);
  const toQuestion = () => (isAsked(now) ? go({ field: "", value: "" }) : find("words").focus());
  const segments = h("div", { class: "segments", role: "group", "aria-label": "Follow" }, button("the search", !byClass, toQuestion), field ? button("a class", byClass, () => go({ field, value: "" })) : null);
  if (!byClass) {
    put(choice, segments);
    const asked = questionOf(now);
    if (asked.weights) throw new Refused(422, "The timeline follows what pulls near; turn the chips that push away, or remove them.");
    return { query: asked.query };
  }
  const answer = await facets({ fields: [field], most: 200, ...(now.store ? { store: now.store } : {}) });
  const values = answer[field];
  if (!values.length) return null;
  const value = values.find((entry) => String(entry.value) === now.value)?.value ?? values[0].value;
  const choose = (label, options, chosen, act) => h("select", { "aria-label": label, onchange: (event) => act(event.target.value) }, options.map((option) => h("option", { value: option, selected: option === chosen }, option)));
  put(choice, segments, choose("Field", fields, field, (name) => go({ field: name, value: "" })), choose("Class", values.map((entry) => String(entry.value)), String(value), (name) => go({ field, value: name })));
  return { field, value };
}

function draw() {
  frame = h("div", { class: "curve-frame" });
  const columns = drawn.bins.map((bin) => {
    const label = h("h2", {}, nameOfBin(bin));
    const title = bin.low === null ? null : `Spread ${bin.value?.toFixed(3)}, interval ${bin.low.toFixed(3)} to ${bin.high.toFixed(3)}`;
    return h("li", {}, label, h("p", { class: "faint told", title }, h("span", {}, counted(bin.items, "item")), h("span", {}, bin.value === null ? "" : `spread ${bin.value.toFixed(2)}`)), h("ul", {}, bin.nearest.map(small)));
  });
  const bins = h("ol", { class: "bins" }, columns);
  bins.style.gridTemplateColumns = `repeat(${columns.length}, minmax(${COLUMN}px, 1fr))`;
  const caption = h("p", { class: "faint" }, "Spread: 0 where all is alike, larger where it differs; the band is its interval.");
  put(body, caption, h("div", { class: "sideways", tabindex: 0, role: "region", "aria-label": "Spread over time" }, frame, bins));
  drawCurve();
}

function drawCurve() {
  const width = Math.max(body.clientWidth, drawn.bins.length * COLUMN);
  const { min, max } = limits(collection.time);
  const whole = drawn.bins.length === max - min + 1;
  const past = asNumber(now.at, collection.time.dates) - min;
  const marker = whole ? (past + 0.5) / drawn.bins.length : past / (max - min || 1);
  put(frame, curve(drawn.bins, width, isTime(now.at, collection) ? marker : null));
}

/** "2014", "2014 – 2016" or "Jan 2014", from the edges of a bin. */
function nameOfBin(bin) {
  if (collection.time.dates) {
    const short = Date.parse(bin.to) - Date.parse(bin.from) < 45 * DAY;
    return new Date(bin.from).toLocaleDateString("en-GB", { timeZone: "UTC", year: "numeric", month: "short", ...(short ? { day: "numeric" } : {}) });
  }
  const [from, to] = [Number(bin.from), Number(bin.to)];
  if (limits(collection.time).step !== 1) return `${Number(from.toPrecision(4))}`;
  const last = bin === drawn.bins.at(-1) ? Math.floor(to + 1e-6) : Math.ceil(to - 1e-6) - 1;
  const first = Math.ceil(from - 1e-6);
  return last > first ? `${first} – ${last}` : String(Math.min(first, last));
}
