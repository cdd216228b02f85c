// The last search: asked once for all views, given to whoever shows it.
import { search } from "./api.js";
import { searchBody } from "./question.js";
import { noteRows } from "./rows.js";

let last = { key: "", promise: null, stop: null };
export let hits = [];
const listeners = [];

/** Calls back when there are other hits. */
export const onHits = (callback) => listeners.push(callback);

/** The hits of what is looked at; a search that nobody waits for any more is stopped. */
export function searched(state, collection, more = {}) {
  const body = searchBody(state, collection, more);
  const key = JSON.stringify(body);
  if (last.key === key) return last.promise;
  last.stop?.abort();
  const stop = new AbortController();
  const promise = search(body, stop.signal).then((answer) => {
    hits = answer.hits;
    noteRows(state.store, answer.hits);
    for (const callback of listeners) callback();
    return answer;
  });
  promise.catch(() => last.promise === promise && (last = { key: "", promise: null, stop: null }));
  last = { key, promise, stop };
  return promise;
}

/** The same hits with the words nearest to them, which take longer. */
export async function reasons(state, collection) {
  return (await search(searchBody(state, collection, { why: true }))).hits;
}
