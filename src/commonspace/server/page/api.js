// What the page asks of the server.
let askForToken = async () => false;
let asking = null;

/** An answer that is none. */
export class Refused extends Error {
  constructor(status, message, wait = 0) {
    super(message);
    this.status = status;
    this.wait = wait;
  }
}

/** Sets what asks the visitor for the token; resolves once there is one. */
export function onSignIn(callback) {
  askForToken = callback;
}

async function call(path, { body, params, signal } = {}) {
  const known = Object.entries(params ?? {}).filter(([, value]) => value !== null && value !== undefined);
  const url = `/api/v1/${path}${known.length ? `?${new URLSearchParams(known)}` : ""}`;
  const options = { signal, headers: { Accept: "application/json" }, credentials: "same-origin" };
  if (body) {
    options.method = "POST";
    options.headers["Content-Type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  let response;
  try {
    response = await fetch(url, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "The server does not answer. Is it still running?");
  }
  if (response.status === 401 && path !== "sign-in") {
    asking ??= askForToken().finally(() => (asking = null));
    await asking;
    return call(path, { body, params, signal });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer) return answer;
  const wait = Number(response.headers.get("Retry-After")) || (response.status === 429 || response.status === 503 ? 2 : 0);
  throw new Refused(response.status, answer?.error?.message ?? `The server answered ${response.status}.`, wait);
}

export const collection = (store) => call("collection", { params: { store } });
export const search = (body, signal) => call("search", { body, signal });
export const facets = (body, signal) => call("facets", { body, signal });
export const item = (store, id, signal) => call("item", { params: { store, id }, signal });
export const map = (store, signal) => call("map", { params: { store }, signal });
export const colours = (store, field, signal) => call("map/colours", { params: { store, field }, signal });
export const timeline = (body, signal) => call("timeline", { body, signal });
export const ask = (body, signal) => call("ask", { body, signal });
export const signIn = (token) => call("sign-in", { body: { token } });

export function neighbours(store, row, k, signal) {
  return call("neighbours", { params: { store, id: row.id, modality: row.modality, part: row.part, k }, signal });
}

/** The address of a stored picture. */
export function pictureUrl(store, row, side) {
  const params = new URLSearchParams({ id: row.id, modality: row.modality, part: row.part, side });
  if (store) params.set("store", store);
  return `/api/v1/picture?${params}`;
}
