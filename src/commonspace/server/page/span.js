// A span of time: two inputs, and two sliders on one line.
import { h, settled } from "./dom.js";
import { DAY, isTime } from "./question.js";
import { FIRST, go, now } from "./state.js";

/** A time as a number of a slider; of dates the day, whatever the time of day. */
export const asNumber = (text, dates) => (dates ? Date.parse(text.slice(0, 10)) / DAY : Number(text));

/** And back, as the address has it. */
export const asText = (value, dates) => (dates ? new Date(value * DAY).toISOString().slice(0, 10) : String(value));

/** Least, greatest and step of the sliders of a collection. */
export function limits({ first, last, dates }) {
  const [min, max] = [asNumber(first, dates), asNumber(last, dates)];
  const whole = dates || (Number.isInteger(min) && Number.isInteger(max));
  return { min, max, step: whole ? 1 : Number(((max - min) / 200).toPrecision(1)) || 1 };
}

/** The filter for the times of a collection. */
export function span(collection) {
  const { dates } = collection.time;
  const { min, max, step } = limits(collection.time);
  const given = (text, other) => (isTime(text, collection) ? asNumber(text, dates) : other);
  const values = { from: given(now.from, min), until: given(now.until, max) };
  const line = h("div", { class: "line-between" });
  const inputs = {};
  const sliders = {};
  const apply = () => go({ from: values.from > min ? asText(values.from, dates) : "", until: values.until < max ? asText(values.until, dates) : "", k: FIRST });
  const soon = settled(400, apply);
  const show = () => {
    for (const end of ["from", "until"]) {
      inputs[end].value = asText(values[end], dates);
      sliders[end].value = values[end];
    }
    line.style.left = `${(100 * (values.from - min)) / (max - min || 1)}%`;
    line.style.right = `${100 - (100 * (values.until - min)) / (max - min || 1)}%`;
  };
  const set = (end, value) => {
    if (!Number.isFinite(value)) return show();
    const kept = Math.min(max, Math.max(min, value));
    values[end] = end === "from" ? Math.min(kept, values.until) : Math.max(kept, values.from);
    show();
  };
  const kind = dates ? { type: "date", min: asText(min, true), max: asText(max, true) } : { type: "number", min, max, step };
  for (const end of ["from", "until"]) {
    const name = end === "from" ? "From" : "Until";
    inputs[end] = h("input", { ...kind, id: `time-${end}`, "aria-label": name, onchange: (event) => { set(end, asNumber(event.target.value, dates)); apply(); } });
    sliders[end] = h("input", { type: "range", min, max, step, id: `slider-${end}`, "aria-label": `${name}, slider`, oninput: (event) => { set(end, Number(event.target.value)); soon(); } });
  }
  show();
  return h("fieldset", { class: "facet span" }, h("legend", {}, "time"), h("div", { class: "sliders" }, h("div", { class: "line-whole" }), line, sliders.from, sliders.until), h("div", { class: dates ? "ends dates" : "ends" }, inputs.from, h("span", { "aria-hidden": "true" }, "–"), inputs.until));
}
