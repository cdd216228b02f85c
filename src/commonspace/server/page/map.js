// The map view: every stored row as a point, near to what is like it.
import { capital, counted, eachFrame, find, h, put, settled, svg } from "./dom.js";
import { chosen as filtersOn } from "./filters.js";
import { opener } from "./grid.js";
import { icon } from "./icons.js";
import { enclose, lasso } from "./lasso.js";
import { Camera, steer } from "./map-camera.js";
import { inWords, legend, paint, scheme } from "./map-colours.js";
import { flatPainter } from "./map-flat.js";
import { glPainter } from "./map-gl.js";
import { placesOf } from "./map-places.js";
import { tip } from "./map-tip.js";
import { recall } from "./memory.js";
import { nameOf } from "./names.js";
import { problem, tell } from "./notices.js";
import { isAsked } from "./question.js";
import { searched } from "./results.js";
import { rowDetails } from "./rows.js";
import { go, keyOf, note, now } from "./state.js";
import { isDark, onTheme } from "./theme.js";

const MARKED = 60;
let collection, places, camera, painter, look, parts, line, hover;
let marks = [];
let drawn = "";
let turn = 0;

/** Builds the view for a collection; the points come when it is first shown. */
export function buildMap(described) {
  collection = described;
  places = null;
  drawn = "";
}

/** Draws what is looked at. */
export async function showMap() {
  const mine = ++turn;
  try {
    if (!places) await load(mine);
    if (mine !== turn || !places) return;
    await colour();
    if (mine === turn) await mark(mine);
  } catch (error) {
    if (error.name !== "AbortError" && mine === turn) places ? tell(error.message) : put(find("map"), problem(error, showMap));
  }
}

async function load(mine) {
  put(find("map"), h("div", { class: "stage-map loading" }, h("p", { class: "faint" }, "Laying out the map…")));
  const answer = await placesOf(now.store);
  if (mine !== turn) return;
  places = answer;
  camera = new Camera(places.frame());
  build();
  const at = now.look.startsWith("at:") ? places.numberOf(now.look.slice(3)) : undefined;
  resized();
  if (at !== undefined) centre(at);
  else camera.read(now.look);
}

function build() {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const overlay = svg("svg", { class: "overlay", "aria-hidden": "true" });
  const words = "Map of the collection. Arrow keys move, plus and minus zoom, 0 shows all of it, Enter opens the item in the middle.";
  const stage = h("div", { class: "stage-map", tabindex: 0, role: "application", "aria-label": words }, canvas, overlay, h("span", { class: "cross", "aria-hidden": "true" }));
  const draw = h("button", { type: "button", class: "quiet", "aria-pressed": "false", "aria-label": "Draw a line around items", title: "Draw a line around items (or hold Shift)", onclick: () => lassoMode(draw.getAttribute("aria-pressed") !== "true") }, icon("lasso"));
  const button = (name, label, act) => h("button", { type: "button", class: "quiet", "aria-label": label, title: label, onclick: () => { act(); moved(); } }, icon(name));
  const tools = h("div", { class: "map-tools", role: "toolbar", "aria-label": "Map" }, button("plus", "Zoom in", () => camera.zoomAt(1.5)), button("minus", "Zoom out", () => camera.zoomAt(1 / 1.5)), button("whole", "Show all", () => camera.whole()), draw);
  const choice = [["", "modality"], ...places.fields.map((field) => [field, field])];
  const by = h("select", { id: "colour", onchange: (event) => go({ colour: event.target.value, hide: now.hide.filter((key) => key.startsWith("m.")) }) }, choice.map(([value, name]) => h("option", { value }, name)));
  const key = h("div", { class: "keys facet" });
  const state = h("p", { class: "faint map-state", role: "status", "aria-live": "polite" });
  const filters = h("div", {});
  const panel = h("div", { class: "map-panel" }, filters, state, h("label", { class: "by", for: "colour" }, "Colour by", by), key);
  const list = h("ul", { class: "plain-list" });
  const told = h("p", {});
  const inText = h("details", { class: "map-words" }, h("summary", {}, "The map in words"), told, h("h2", {}, "Nearest to the middle of the view"), list);
  inText.addEventListener("toggle", listed);
  put(find("map"), h("div", { class: "map-columns" }, h("div", { class: "map-frame" }, stage, tools), panel), inText);
  parts = { canvas, stage, overlay, draw, by, key, state, filters, told, list, inText };
  line = lasso(overlay, (shape) => {
    lassoMode(false);
    const found = places.inside(shape.map(([left, top]) => camera.toMap(left, top)));
    enclose([...new Set(found.map((i) => places.ids[i]))]);
  });
  hover = tip(stage, places, camera);
  painter = glPainter(canvas, places) ?? flat();
  canvas.addEventListener("webglcontextlost", (event) => {
    event.preventDefault();
    painter = flat();
    paintAll();
  });
  steer(stage, camera, {
    moved,
    draws: (event) => event.shiftKey || draw.getAttribute("aria-pressed") === "true",
    line: (what, at) => (what === "start" ? (hover.hide(), line.start(at)) : line.end()),
    hover: (at) => (line.drawing ? at && line.move(at) : hover.over(at)),
    click: (at) => openAt(hover.at(at)),
    enter: () => openAt(hover.atMiddle()),
  });
  new ResizeObserver(() => places && parts.stage === stage && resized()).observe(stage);
}

/** A painter on a canvas of its own: one that WebGL had takes nothing else. */
function flat() {
  const canvas = h("canvas", { "aria-hidden": "true" });
  parts.canvas.replaceWith(canvas);
  parts.canvas = canvas;
  return flatPainter(canvas, places);
}

function paintAll() {
  drawn = "";
  colour().then(marksToPainter, () => {});
}

const draw = eachFrame(() => {
  if (!painter || !parts.stage.isConnected) return;
  const crowd = Math.sqrt((camera.width * camera.height) / Math.max(200, places.count));
  const size = Math.min(13, Math.max(2.2, 0.42 * crowd * camera.zoom ** 0.45));
  const edge = isDark() ? [236, 235, 231] : [28, 29, 31];
  painter.draw(camera, { size, fade: marks.length ? 0.35 : 1, edge, ratio: Math.min(2, devicePixelRatio || 1) });
});

const remember = settled(300, () => {
  if (now.view === "map") note({ look: camera.toString() });
  listed();
});

function moved(by) {
  draw();
  hover.hide();
  remember();
  if (by === "keys") hover.middle();
}

function resized() {
  const box = parts.stage.getBoundingClientRect();
  if (!box.width) return;
  [camera.width, camera.height] = [box.width, box.height];
  parts.overlay.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
  draw();
}

async function colour() {
  const enclosed = now.lasso ? recall(now.lasso)?.ids : now.ids.length ? now.ids : null;
  const key = JSON.stringify([now.store, now.colour, now.hide, now.lasso, now.ids, isDark()]);
  put(parts.filters, filtersOn(collection));
  parts.filters.hidden = !parts.filters.hasChildNodes();
  if (key === drawn) return;
  look = await scheme(now.store, places, now.colour);
  drawn = key;
  parts.by.value = look.field;
  const focused = document.activeElement?.dataset?.key;
  legend(parts.key, places, look);
  if (focused) parts.key.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  painter.colours(paint(places, look, enclosed && new Set(enclosed)));
  parts.told.textContent = inWords(places, look);
  draw();
  listed();
}

async function mark(mine) {
  if (!isAsked(now)) {
    marks = [];
    put(parts.state, `${counted(places.count, "point")}. Draw around some with the lasso to search among them.`);
  } else {
    const answer = await searched(now, collection, { k: Math.min(MARKED, collection.most_hits) });
    if (mine !== turn) return;
    marks = answer.hits.map((hit) => places.numberOf(keyOf(hit))).filter((i) => i !== undefined);
    const frame = () => {
      camera.frame(marks.slice(0, 40).map((i) => [places.xy[2 * i], places.xy[2 * i + 1]]));
      moved();
    };
    put(parts.state, `The nearest ${marks.length} stand out. `, marks.length ? h("button", { type: "button", class: "plain", onclick: frame }, "Move there") : null);
  }
  marksToPainter();
}

function marksToPainter() {
  const xy = new Float32Array(marks.flatMap((i) => [places.xy[2 * i], places.xy[2 * i + 1]]));
  const bytes = new Uint8Array(4 * marks.length);
  const accent = isDark() ? [255, 196, 92] : [232, 140, 20];
  marks.forEach((_, at) => bytes.set([...accent, 255], 4 * at));
  painter.marks(xy, bytes);
  draw();
}

function lassoMode(on) {
  parts.draw.setAttribute("aria-pressed", String(on));
  parts.stage.classList.toggle("drawing", on);
}

function centre(i) {
  [camera.x, camera.y, camera.zoom] = [places.xy[2 * i], places.xy[2 * i + 1], 6];
  hover.middle();
}

function openAt(i) {
  if (i !== undefined) go({ item: keyOf(places.row(i)) });
}

/** The items in the middle of the view, as links. */
async function listed() {
  if (!places || !parts.inText.open) return;
  const near = places.near(camera.x, camera.y, Math.max(camera.width, camera.height) / camera.unit / 2, 12);
  const rows = await Promise.all(near.map((i) => rowDetails(now.store, places.row(i)).catch(() => ({ ...places.row(i), metadata: {} }))));
  put(parts.list, rows.map((row) => h("li", {}, opener(row, {}, capital(nameOf(row))), ` ${row.modality}`)));
}

onTheme(() => {
  if (places) paintAll();
});
