// Draws the points with WebGL 2: positions once, colours when they change.
const POINT = `#version 300 es
layout(location = 0) in vec2 place;
layout(location = 1) in vec4 colour;
uniform vec2 centre, scale;
uniform float size, fade;
out vec4 tint;
void main() {
  gl_Position = colour.a == 0.0 ? vec4(2.0, 2.0, 2.0, 1.0) : vec4((place - centre) * scale, 0.0, 1.0);
  gl_PointSize = size;
  tint = vec4(colour.rgb, colour.a * fade);
}`;
const DISC = `#version 300 es
precision highp float;
in vec4 tint;
uniform float size, rim;
uniform vec3 edge;
out vec4 seen;
void main() {
  float far = length(gl_PointCoord * 2.0 - 1.0);
  float soft = 2.0 / size;
  float whole = 1.0 - smoothstep(1.0 - soft, 1.0, far);
  vec3 shade = rim > 0.0 ? mix(tint.rgb, edge, smoothstep(1.0 - rim - soft, 1.0 - rim, far)) : tint.rgb;
  float alpha = tint.a * whole;
  seen = vec4(shade * alpha, alpha);
}`;

/** A painter for a canvas; null where there is no WebGL 2. */
export function glPainter(canvas, places) {
  const gl = canvas.getContext("webgl2", { antialias: false, depth: false, premultipliedAlpha: true });
  if (!gl) return null;
  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, POINT], [gl.FRAGMENT_SHADER, DISC]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  const at = Object.fromEntries(["centre", "scale", "size", "fade", "rim", "edge"].map((name) => [name, gl.getUniformLocation(program, name)]));
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const all = layer(gl, places.xy, new Uint8Array(4 * places.count));
  let marked = layer(gl, new Float32Array(0), new Uint8Array(0));

  return {
    kind: "WebGL 2",
    colours(rgba) {
      all.colour(rgba);
    },
    marks(xy, rgba) {
      marked.free();
      marked = layer(gl, xy, rgba);
    },
    draw(camera, { size, fade, edge, ratio }) {
      const [width, height] = [Math.round(camera.width * ratio), Math.round(camera.height * ratio)];
      if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
      gl.viewport(0, 0, width, height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(at.centre, camera.x, camera.y);
      gl.uniform2f(at.scale, (2 * camera.unit) / camera.width, (2 * camera.unit) / camera.height);
      gl.uniform3f(at.edge, ...edge.map((v) => v / 255));
      gl.uniform1f(at.size, size * ratio);
      gl.uniform1f(at.fade, fade);
      gl.uniform1f(at.rim, 0);
      all.draw();
      gl.uniform1f(at.size, (size + 6) * ratio);
      gl.uniform1f(at.fade, 1);
      gl.uniform1f(at.rim, 0.22);
      marked.draw();
    },
  };
}

function layer(gl, xy, rgba) {
  const array = gl.createVertexArray();
  const [where, tint] = [gl.createBuffer(), gl.createBuffer()];
  gl.bindVertexArray(array);
  gl.bindBuffer(gl.ARRAY_BUFFER, where);
  gl.bufferData(gl.ARRAY_BUFFER, xy, gl.STATIC_DRAW);
  gl.enableVertexAttribArray(0);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  const colour = (bytes) => {
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, tint);
    gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.DYNAMIC_DRAW);
    gl.enableVertexAttribArray(1);
    gl.vertexAttribPointer(1, 4, gl.UNSIGNED_BYTE, true, 0, 0);
  };
  colour(rgba);
  return {
    colour,
    draw() {
      if (!xy.length) return;
      gl.bindVertexArray(array);
      gl.drawArrays(gl.POINTS, 0, xy.length / 2);
    },
    free() {
      gl.deleteBuffer(where);
      gl.deleteBuffer(tint);
      gl.deleteVertexArray(array);
    },
  };
}
