// Details of stored rows, asked for once.
import { item } from "./api.js";
import { keyOf } from "./state.js";

const MOST = 500;
const found = new Map();

/** Notes rows that came with hits. */
export function noteRows(store, rows) {
  for (const row of rows) remember(`${store} ${keyOf(row)}`, Promise.resolve(row));
}

/** The row with text and metadata. */
export function rowDetails(store, row) {
  const key = `${store} ${keyOf(row)}`;
  if (!found.has(key)) {
    const asked = item(store || null, row.id).then((answer) => answer.rows.find((other) => keyOf(other) === keyOf(row)) ?? { ...row, metadata: answer.metadata });
    asked.catch(() => found.delete(key));
    remember(key, asked);
  }
  return found.get(key);
}

function remember(key, promise) {
  found.set(key, promise);
  if (found.size > MOST) found.delete(found.keys().next().value);
}
