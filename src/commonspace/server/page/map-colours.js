// What the points are coloured by, and the legend that tells and switches it.
import { colours } from "./api.js";
import { counted, h, number, put, unpacked } from "./dom.js";
import { shown } from "./names.js";
import { classColour, css, noColour, spanColour } from "./palette.js";
import { go, now } from "./state.js";

const asked = new Map();

/** How the points are coloured: `{kind, classes, codes}` or `{kind, first, last, shares}`. */
export async function scheme(store, places, field) {
  if (!places.fields.includes(field)) return { kind: "classes", field: "", classes: places.modalities, codes: places.modality };
  const key = `${store} ${field}`;
  if (!asked.has(key)) {
    asked.set(key, colours(store || null, field).then((answer) => ({
      ...answer,
      codes: answer.codes && unpacked(answer.codes, Uint8Array),
      shares: answer.shares && unpacked(answer.shares, Float32Array),
    })));
    asked.get(key).catch(() => asked.delete(key));
  }
  return asked.get(key);
}

/** (4 n) bytes of colour; also notes in `places` which points are shown. */
export function paint(places, chosen, enclosed) {
  const bytes = new Uint8Array(4 * places.count);
  const away = places.modalities.map((name) => now.hide.includes(`m.${name}`));
  const table = (chosen.classes ?? []).map((name, i) => ({ colour: classColour(i), hidden: chosen.field !== "" && now.hide.includes(`c.${name}`) }));
  const none = { colour: noColour(), hidden: chosen.field !== "" && now.hide.includes("c.") };
  const ramp = Array.from({ length: 256 }, (_, i) => ({ colour: spanColour(i / 255), hidden: false }));
  const solid = places.count > 20_000 ? 170 : 225;
  for (let i = 0; i < places.count; i++) {
    const share = chosen.shares?.[i];
    const look = chosen.kind === "span" ? (Number.isNaN(share) ? none : ramp[Math.round(255 * share)]) : (table[chosen.codes[i]] ?? none);
    places.shown[i] = away[places.modality[i]] || look.hidden ? 0 : 1;
    if (!places.shown[i]) continue;
    bytes.set(look.colour, 4 * i);
    bytes[4 * i + 3] = !enclosed || enclosed.has(places.ids[i]) ? solid : 36;
  }
  return bytes;
}

/** Draws the legend. */
export function legend(place, places, chosen) {
  const parts = [];
  if (chosen.field !== "") parts.push(h("h2", {}, "Show"), toggles("m", places.modalities, tally(places.modality, places.modalities.length), null));
  if (chosen.kind === "span") parts.push(ramp(chosen));
  else {
    const counts = tally(chosen.codes, chosen.classes.length);
    const prefix = chosen.field === "" ? "m" : "c";
    const names = [...chosen.classes, ...(counts.other ? [""] : [])];
    parts.push(h("h2", {}, chosen.field === "" ? "Modality" : chosen.field), toggles(prefix, names, [...counts, counts.other], (i) => (i < chosen.classes.length ? classColour(i) : noColour())));
  }
  put(place, parts);
}

function toggles(prefix, names, counts, colour) {
  const button = (name, i) => {
    const key = `${prefix}.${name}`;
    const hidden = now.hide.includes(key);
    const swatch = h("span", { class: colour ? "swatch" : "swatch plain-swatch" });
    if (colour) swatch.style.backgroundColor = css(colour(i));
    const turn = () => go({ hide: hidden ? now.hide.filter((other) => other !== key) : [...now.hide, key] }, { replace: true });
    return h("li", {}, h("button", { type: "button", "aria-pressed": String(!hidden), "data-key": key, onclick: turn }, swatch, h("span", { class: "value" }, name || "other or none"), h("span", { class: "items" }, number(counts[i]))));
  };
  return h("ul", { class: "legend" }, names.map(button));
}

function tally(codes, length) {
  const counts = new Array(length).fill(0);
  counts.other = 0;
  for (const code of codes) {
    if (code < length) counts[code] += 1;
    else counts.other += 1;
  }
  return counts;
}

function ramp(chosen) {
  const bar = h("div", { class: "ramp", role: "img", "aria-label": `From ${shown(chosen.first)} to ${shown(chosen.last)}` });
  bar.style.background = `linear-gradient(to right, ${[0, 0.25, 0.5, 0.75, 1].map((share) => css(spanColour(share))).join(", ")})`;
  return h("div", {}, h("h2", {}, chosen.field), bar, h("div", { class: "ramp-ends" }, h("span", {}, shown(chosen.first)), h("span", {}, shown(chosen.last))));
}

/** The same in words. */
export function inWords(places, chosen) {
  const list = (names, counts) => names.map((name, i) => `${name} (${number(counts[i])})`).join(", ");
  const held = `${counted(places.count, "point")}, placed by ${places.method || "an unknown method"} so that what is alike is near: ${list(places.modalities, tally(places.modality, places.modalities.length))}.`;
  if (chosen.kind === "span") return `${held} Coloured by ${chosen.field}, from ${shown(chosen.first)} to ${shown(chosen.last)}.`;
  return chosen.field === "" ? held : `${held} Coloured by ${chosen.field}: ${list(chosen.classes, tally(chosen.codes, chosen.classes.length))}.`;
}
