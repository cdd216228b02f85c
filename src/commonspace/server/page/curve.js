// The dispersion over time as a line with its interval, above columns of equal width.
import { svg } from "./dom.js";

const HEIGHT = 190;
const TOP = 14;
const BOTTOM = 8;

/** Draws bins as wide as told; `marker` is a share of the width. */
export function curve(bins, width, marker) {
  const top = Math.max(...bins.map((bin) => bin.high ?? bin.value ?? 0), 1e-9);
  const step = niceStep(top);
  const most = step * Math.ceil(top / step);
  const x = (at) => ((at + 0.5) * width) / bins.length;
  const y = (value) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / most);
  const drawing = svg("svg", { class: "curve", viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": inWords(bins) });
  for (let value = 0; value <= most + step / 2; value += step) {
    drawing.append(svg("line", { class: "rule", x1: 0, x2: width, y1: y(value), y2: y(value) }), svg("text", { x: 2, y: y(value) - 4 }, Number(value.toFixed(3)).toString()));
  }
  const known = bins.map((bin, at) => ({ ...bin, at })).filter((bin) => bin.value !== null);
  for (const run of runs(known)) {
    const high = run.map((bin) => `${x(bin.at)} ${y(bin.high ?? bin.value)}`);
    const low = run.map((bin) => `${x(bin.at)} ${y(bin.low ?? bin.value)}`).reverse();
    if (run.length > 1) drawing.append(svg("path", { class: "band", d: `M${[...high, ...low].join("L")}Z` }));
    else drawing.append(svg("line", { class: "whisker", x1: x(run[0].at), x2: x(run[0].at), y1: y(run[0].high ?? run[0].value), y2: y(run[0].low ?? run[0].value) }));
  }
  const line = (from, kind) => from.length > 1 && drawing.append(svg("path", { class: kind, d: `M${from.map((bin) => `${x(bin.at)} ${y(bin.value)}`).join("L")}` }));
  line(known, "across");
  for (const run of runs(known)) line(run, "spread");
  for (const bin of known) drawing.append(svg("circle", { class: "dot", cx: x(bin.at), cy: y(bin.value), r: 4 }));
  if (marker !== null) drawing.append(svg("line", { class: "marker", x1: marker * width, x2: marker * width, y1: 0, y2: HEIGHT }));
  return drawing;
}

/** Bins that follow each other without a gap. */
function runs(known) {
  const found = [];
  for (const bin of known) {
    if (found.length && found.at(-1).at(-1).at === bin.at - 1) found.at(-1).push(bin);
    else found.push([bin]);
  }
  return found;
}

function niceStep(top) {
  const rough = top / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  return power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough);
}

function inWords(bins) {
  const known = bins.filter((bin) => bin.value !== null);
  if (!known.length) return "No spread is known.";
  const [first, last] = [known[0], known.at(-1)];
  return `Spread over time, from ${first.value.toFixed(2)} at the beginning to ${last.value.toFixed(2)} at the end; each column below tells its own.`;
}
