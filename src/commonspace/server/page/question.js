// What is looked at -> what the server is asked.
import { recall } from "./memory.js";
import { rowOf } from "./state.js";

/** Milliseconds of a day. */
export const DAY = 86_400_000;

const FACETED = /^(string|large_string|bool|dictionary|list|large_list)/;

/** Modality that hits are of: the chosen one, else pictures where there are any; null is all of them. */
export function modalityOf(state, collection) {
  if (state.to === "all") return null;
  if (state.to in collection.modalities) return state.to;
  return "image" in collection.modalities ? "image" : null;
}

/** `{query, weights}` of words, pictures and stored items together; null if nothing is asked. */
export function questionOf(state) {
  const query = {};
  const weights = {};
  const add = (kind, what, away) => {
    (query[kind] ??= []).push(what);
    (weights[kind] ??= []).push(away ? -1 : 1);
  };
  if (state.q.trim()) add("text", state.q.trim(), false);
  for (const chip of state.chips) {
    if (chip.kind === "text") add("text", chip.of, chip.away);
    if (chip.kind === "item") add("item", rowOf(chip.of), chip.away);
    const picture = chip.kind === "picture" ? recall(chip.of) : null;
    if (picture) add("image", { base64: picture.base64 }, chip.away);
  }
  if (!Object.keys(query).length) return null;
  const away = Object.values(weights).flat().includes(-1);
  return away ? { query, weights } : { query };
}

/** Whether anything is asked. */
export const isAsked = (state) => questionOf(state) !== null;

/** The conditions of all filters but that of one field; undefined if there is none. */
export function whereOf(state, collection, except = null) {
  const all = [];
  for (const [field, values] of Object.entries(state.within)) {
    if (field !== except && field in collection.fields && values.length) all.push(oneOf(field, values, collection.fields[field]));
  }
  const span = {};
  if (isTime(state.from, collection)) span.ge = instant(state.from, collection);
  if (isTime(state.until, collection)) Object.assign(span, upTo(state.until, collection));
  if (Object.keys(span).length) all.push({ time: span });
  const ids = state.lasso ? recall(state.lasso)?.ids : state.ids;
  if (ids?.length) all.push({ id: { in: ids } });
  return all.length > 1 ? { and: all } : all[0];
}

function oneOf(field, values, kind) {
  if (kind.includes("list")) return { or: values.map((value) => ({ [field]: { contains: typed(value, kind) } })) };
  return { [field]: { in: values.map((value) => typed(value, kind)) } };
}

function typed(value, kind) {
  if (kind === "bool") return value === "true";
  return /int|float|double|decimal/.test(kind) && !kind.includes("string") ? Number(value) : value;
}

/** Whether a text of the address is a time of the collection. */
export const isTime = (text, { time }) => Boolean(text && time) && Number.isFinite(time.dates ? Date.parse(text) : Number(text));

/** A time of the address as the collection has it: a text for dates, else a number. */
const instant = (text, collection) => (collection.time?.dates ? text : Number(text));

/** The condition of being no later; of a day all of it counts. */
function upTo(text, collection) {
  if (!collection.time.dates || !/^\d{4}-\d\d-\d\d$/.test(text)) return { le: instant(text, collection) };
  return { lt: new Date(Date.parse(text) + DAY).toISOString().slice(0, 10) };
}

/** `{at, within | decay}` of "as of". */
export function asOf(state, collection) {
  if (!isTime(state.at, collection)) return {};
  const [kind, length] = (state.reach || `decay:${reachOf(collection)}`).split(":");
  return { at: instant(state.at, collection), [kind === "within" ? "within" : "decay"]: Number(length) || reachOf(collection) };
}

/** A tenth of the time there is: days of dates, else of the numbers. */
export function reachOf(collection) {
  const { first, last, dates } = collection.time;
  const width = dates ? (Date.parse(last) - Date.parse(first)) / DAY : last - first;
  return Math.max(dates ? 1 : width / 1000, Number((width / 10).toPrecision(2))) || 1;
}

/** The body of a search. */
export function searchBody(state, collection, more = {}) {
  const where = whereOf(state, collection);
  const body = { ...questionOf(state), ...asOf(state, collection), k: Math.min(state.k, collection.most_hits), ...more };
  const to = modalityOf(state, collection);
  if (to) body.to = to;
  if (where) body.where = where;
  if (state.store) body.store = state.store;
  return body;
}

/** Fields whose values may be listed. */
export function facetFields(collection) {
  return Object.entries(collection.fields).filter(([name, kind]) => name !== "time" && FACETED.test(kind)).map(([name]) => name);
}
