// What is looked at, as the address says it: any view can be shared, and back and forward work.
export const FIRST = 24;

export const EMPTY = {
  view: "search", store: "", q: "", chips: [], to: "", within: {}, from: "", until: "", at: "", reach: "",
  ids: [], lasso: "", k: FIRST, item: "", of: "", colour: "", hide: [], look: "", field: "", value: "", other: "", verb: "",
  photo: "", text: "", options: [], reasons: [],
};
const TEXTS = ["store", "q", "to", "from", "until", "at", "reach", "lasso", "item", "of", "colour", "look", "field", "value", "other", "verb", "photo", "text"];
const LISTS = { ids: "id", hide: "hide", options: "option", reasons: "reason" };

/** A stored row as one text. */
export const keyOf = (row) => `${row.modality}:${row.part}:${row.id}`;

/** The stored row of such a text. */
export function rowOf(key) {
  const [modality, part, ...id] = key.split(":");
  return { id: id.join(":"), modality, part: Number(part) || 0 };
}

/** An address -> what is looked at. */
function read(search) {
  const params = new URLSearchParams(search);
  const state = structuredClone(EMPTY);
  state.view = params.get("view") || "search";
  for (const name of TEXTS) state[name] = params.get(name) ?? "";
  for (const [name, param] of Object.entries(LISTS)) state[name] = params.getAll(param);
  state.k = Math.max(1, Number(params.get("k")) || FIRST);
  state.chips = params.getAll("chip").map((text) => {
    const [sign, kind, ...of] = text.split(".");
    return { kind, of: of.join("."), away: sign === "away" };
  }).filter((chip) => ["text", "item", "picture"].includes(chip.kind) && chip.of);
  for (const [name, value] of params) {
    if (name.startsWith("in.")) (state.within[name.slice(3)] ??= []).push(value);
  }
  return state;
}

/** What is looked at -> an address. */
export function write(state) {
  const params = new URLSearchParams();
  if (state.view !== "search") params.set("view", state.view);
  for (const name of TEXTS) if (state[name]) params.set(name, state[name]);
  for (const [name, param] of Object.entries(LISTS)) for (const value of state[name]) params.append(param, value);
  if (state.k !== FIRST) params.set("k", state.k);
  for (const chip of state.chips) params.append("chip", `${chip.away ? "away" : "near"}.${chip.kind}.${chip.of}`);
  for (const [field, values] of Object.entries(state.within)) for (const value of values) params.append(`in.${field}`, value);
  const text = params.toString();
  return text ? `?${text}` : "/";
}

/** The store of the item that is open: another one where it was found by a comparison. */
export const storeOfItem = () => now.of || now.store;

const listeners = [];
export let now = read(location.search);

/** Calls back with what is looked at and what was before. */
export function onChange(callback) {
  listeners.push(callback);
}

/** Changes what is looked at. With `replace`, back does not return to what was before. */
export function go(patch, { replace = false } = {}) {
  const before = now;
  now = { ...now, ...patch };
  const address = write(now);
  if (address === write(before)) return;
  history[replace ? "replaceState" : "pushState"](null, "", address);
  for (const callback of listeners) callback(now, before);
}

/** Notes something in the address that no view has to be drawn for. */
export function note(patch) {
  now = { ...now, ...patch };
  history.replaceState(null, "", write(now));
}

/** The address of a change, for links. */
export const linkTo = (patch) => write({ ...now, ...patch });

addEventListener("popstate", () => {
  const before = now;
  now = read(location.search);
  for (const callback of listeners) callback(now, before);
});
