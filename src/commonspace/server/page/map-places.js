// The points of the map: where they are, which is nearest to a place, and which a line encloses.
import { map } from "./api.js";
import { unpacked } from "./dom.js";
import { keyOf } from "./state.js";

const CELLS = 160;
const asked = new Map();

/** The points of a store, asked for once. */
export function placesOf(store) {
  if (!asked.has(store)) {
    asked.set(store, map(store || null).then((answer) => new Places(answer)));
    asked.get(store).catch(() => asked.delete(store));
  }
  return asked.get(store);
}

class Places {
  /** From the answer of /map. */
  constructor(answer) {
    this.count = answer.points;
    this.xy = unpacked(answer.places, Float32Array);
    this.parts = unpacked(answer.parts, Int32Array);
    this.modality = unpacked(answer.modality, Uint8Array);
    this.ids = answer.ids;
    this.modalities = answer.modalities;
    this.fields = answer.fields;
    this.method = answer.method;
    this.shown = new Uint8Array(this.count).fill(1);
    this.fill();
    this.byKey = null;
  }

  /** Sorts the points into cells. */
  fill() {
    const cell = new Uint32Array(this.count);
    this.starts = new Uint32Array(CELLS * CELLS + 1);
    for (let i = 0; i < this.count; i++) {
      cell[i] = cellOf(this.xy[2 * i + 1]) * CELLS + cellOf(this.xy[2 * i]);
      this.starts[cell[i] + 1] += 1;
    }
    for (let c = 0; c < CELLS * CELLS; c++) this.starts[c + 1] += this.starts[c];
    const next = this.starts.slice();
    this.order = new Uint32Array(this.count);
    for (let i = 0; i < this.count; i++) this.order[next[cell[i]]++] = i;
  }

  /** [left, right, low, high] of all but the outermost points. */
  frame() {
    return [0, 1].flatMap((axis) => {
      const sorted = Float32Array.from({ length: this.count }, (_, i) => this.xy[2 * i + axis]).sort();
      const at = (share) => sorted[Math.round(share * (this.count - 1))] ?? 0;
      return [at(0.015), at(0.985)];
    });
  }

  row(i) {
    return { id: this.ids[i], modality: this.modalities[this.modality[i]], part: this.parts[i] };
  }

  /** The number of a row's point; undefined if it has none. */
  numberOf(key) {
    if (!this.byKey) {
      this.byKey = new Map();
      for (let i = 0; i < this.count; i++) this.byKey.set(keyOf(this.row(i)), i);
    }
    return this.byKey.get(key);
  }

  /** The points that are shown within a distance of a place, the nearest first. */
  near(x, y, distance, most) {
    const found = [];
    const reach = distance * distance;
    for (let row = cellOf(y - distance); row <= cellOf(y + distance); row++) {
      const from = this.starts[row * CELLS + cellOf(x - distance)];
      const until = this.starts[row * CELLS + cellOf(x + distance) + 1];
      for (let at = from; at < until; at++) {
        const i = this.order[at];
        const d = (this.xy[2 * i] - x) ** 2 + (this.xy[2 * i + 1] - y) ** 2;
        if (d <= reach && this.shown[i]) found.push([d, i]);
      }
    }
    return found.sort((one, other) => one[0] - other[0]).slice(0, most).map(([, i]) => i);
  }

  /** The points that are shown inside a closed line of [x, y]. */
  inside(line) {
    const xs = line.map(([x]) => x);
    const ys = line.map(([, y]) => y);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    const found = [];
    for (let i = 0; i < this.count; i++) {
      const [x, y] = [this.xy[2 * i], this.xy[2 * i + 1]];
      if (this.shown[i] && x >= left && x <= right && y >= low && y <= high && isInside(xs, ys, x, y)) found.push(i);
    }
    return found;
  }
}

function cellOf(value) {
  return Math.min(CELLS - 1, Math.max(0, Math.floor(((value + 1) / 2) * CELLS)));
}

function isInside(xs, ys, x, y) {
  let inside = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) inside = !inside;
  }
  return inside;
}
