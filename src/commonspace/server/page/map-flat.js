// Draws the points on a plain canvas, where there is no WebGL 2.

/** A painter with the same methods as that of map-gl.js. */
export function flatPainter(canvas, places) {
  const context = canvas.getContext("2d");
  let tints = new Uint8Array(4 * places.count);
  let marked = { xy: new Float32Array(0), rgba: new Uint8Array(0) };

  return {
    kind: "canvas",
    colours(rgba) {
      tints = rgba;
    },
    marks(xy, rgba) {
      marked = { xy, rgba };
    },
    draw(camera, { size, fade, edge, ratio }) {
      [canvas.width, canvas.height] = [Math.round(camera.width * ratio), Math.round(camera.height * ratio)];
      context.scale(ratio, ratio);
      let last = -1;
      for (let i = 0; i < places.count; i++) {
        if (!tints[4 * i + 3]) continue;
        const [left, top] = camera.toScreen(places.xy[2 * i], places.xy[2 * i + 1]);
        if (left < 0 || top < 0 || left > camera.width || top > camera.height) continue;
        const code = (tints[4 * i] << 16) | (tints[4 * i + 1] << 8) | tints[4 * i + 2];
        if (code !== last) context.fillStyle = `#${code.toString(16).padStart(6, "0")}`;
        last = code;
        context.globalAlpha = (tints[4 * i + 3] / 255) * fade;
        context.fillRect(left - size / 2, top - size / 2, size, size);
      }
      context.globalAlpha = 1;
      context.lineWidth = 2;
      context.strokeStyle = `rgb(${edge.join(" ")})`;
      for (let i = 0; i < marked.xy.length / 2; i++) {
        const [left, top] = camera.toScreen(marked.xy[2 * i], marked.xy[2 * i + 1]);
        context.fillStyle = `rgb(${marked.rgba.slice(4 * i, 4 * i + 3).join(" ")})`;
        context.beginPath();
        context.arc(left, top, size / 2 + 3, 0, 2 * Math.PI);
        context.fill();
        context.stroke();
      }
    },
  };
}
