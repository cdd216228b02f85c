// Which part of the map is seen, and the fingers, wheel and keys that move it.
const NEAREST = 400;

export class Camera {
  /** Begins with a frame of [left, right, low, high]. */
  constructor(home) {
    this.width = this.height = 1;
    this.home = home;
    this.whole();
  }

  whole() {
    const [left, right, low, high] = this.home;
    this.frame([[left, low], [right, high]]);
  }

  /** Pixels of a unit of the map. */
  get unit() {
    return 0.47 * Math.min(this.width, this.height) * this.zoom;
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) * this.unit, this.height / 2 - (y - this.y) * this.unit];
  }

  toMap(left, top) {
    return [this.x + (left - this.width / 2) / this.unit, this.y - (top - this.height / 2) / this.unit];
  }

  pan(right, down) {
    this.x = Math.min(1.1, Math.max(-1.1, this.x - right / this.unit));
    this.y = Math.min(1.1, Math.max(-1.1, this.y + down / this.unit));
  }

  /** Zooms about a place of the screen. */
  zoomAt(factor, left = this.width / 2, top = this.height / 2) {
    const [x, y] = this.toMap(left, top);
    this.zoom = Math.min(NEAREST, Math.max(0.7, this.zoom * factor));
    const [nowX, nowY] = this.toMap(left, top);
    this.x += x - nowX;
    this.y += y - nowY;
    this.pan(0, 0);
  }

  /** Shows all of some places, with room around. */
  frame(places) {
    const xs = places.map(([x]) => x);
    const ys = places.map(([, y]) => y);
    const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    [this.x, this.y] = [(left + right) / 2, (low + high) / 2];
    this.zoom = 1;
    const fit = Math.min(this.width / Math.max(0.05, right - left), this.height / Math.max(0.05, high - low)) / this.unit;
    this.zoom = Math.min(40, Math.max(0.7, fit * 0.85));
  }

  /** As the address has it. */
  toString() {
    return [this.x, this.y, this.zoom].map((value) => Number(value.toPrecision(4))).join(",");
  }

  read(text) {
    const [x, y, zoom] = text.split(",").map(Number);
    if ([x, y, zoom].every(Number.isFinite) && zoom > 0) [this.x, this.y, this.zoom] = [x, y, zoom];
    else this.whole();
  }
}

/** Moves the camera by pointer, wheel and keys. `on.moved()` draws; `on.draws(event)` tells whether a pointer draws a line instead. */
export function steer(stage, camera, on) {
  const fingers = new Map();
  let travelled = 0;
  const place = (event) => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest("button, a")) return;
    stage.setPointerCapture(event.pointerId);
    if (!fingers.size && on.draws(event)) return on.line("start", place(event));
    fingers.set(event.pointerId, place(event));
    travelled = 0;
  });
  stage.addEventListener("pointermove", (event) => {
    const here = place(event);
    const before = fingers.get(event.pointerId);
    if (!before) return on.hover(here, event);
    const others = [...fingers].filter(([id]) => id !== event.pointerId).map(([, at]) => at);
    fingers.set(event.pointerId, here);
    travelled += Math.hypot(here[0] - before[0], here[1] - before[1]);
    if (others.length) {
      const [other] = others;
      const apart = (at) => Math.hypot(at[0] - other[0], at[1] - other[1]) || 1;
      camera.zoomAt(apart(here) / apart(before), (here[0] + other[0]) / 2, (here[1] + other[1]) / 2);
      camera.pan((here[0] - before[0]) / 2, (here[1] - before[1]) / 2);
    } else camera.pan(here[0] - before[0], here[1] - before[1]);
    on.moved();
  });
  const up = (event) => {
    if (!fingers.delete(event.pointerId)) return on.line("end");
    if (event.type === "pointerup" && travelled < 6 && !fingers.size) on.click(place(event), event);
  };
  stage.addEventListener("pointerup", up);
  stage.addEventListener("pointercancel", up);
  stage.addEventListener("pointerleave", () => on.hover(null));
  stage.addEventListener("wheel", (event) => {
    if (event.target.closest(".map-panel")) return;
    event.preventDefault();
    camera.zoomAt(Math.exp(-Math.max(-60, Math.min(60, event.deltaMode ? event.deltaY * 20 : event.deltaY)) * 0.004), ...place(event));
    on.moved();
  }, { passive: false });
  stage.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] }[event.key];
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (steps) camera.pan(...steps);
    else if (event.key === "+" || event.key === "=") camera.zoomAt(1.4);
    else if (event.key === "-") camera.zoomAt(1 / 1.4);
    else if (event.key === "0") camera.whole();
    else if (event.key === "Enter") return on.enter();
    else return;
    event.preventDefault();
    on.moved("keys");
  });
}
