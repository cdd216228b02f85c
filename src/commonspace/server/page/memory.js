// What is too large for the address: pictures that were dropped and long lists of ids. Gone with the tab.
const kept = new Map();
let last = 0;

/** Keeps something, and gives the key that finds it. */
export function keep(what) {
  last += 1;
  const key = `${Date.now().toString(36)}${last}`;
  kept.set(key, what);
  return key;
}

export const recall = (key) => kept.get(key);
