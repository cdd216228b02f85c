// Colours of classes and spans, made in OKLCH so that none stands out.
import { isDark } from "./theme.js";

const GOLDEN = 137.508;

/** [red, green, blue] of lightness, chroma and hue. */
function rgb(lightness, chroma, hue) {
  const [a, b] = [chroma * Math.cos((hue * Math.PI) / 180), chroma * Math.sin((hue * Math.PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  const curved = (v) => (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055);
  return linear.map((v) => Math.round(255 * Math.min(1, Math.max(0, curved(Math.max(0, v))))));
}

/** The colour of the class of that number. */
export function classColour(number) {
  const shift = [0, 0.09, -0.09][Math.floor(number / 9) % 3];
  return isDark() ? rgb(0.74 + shift, 0.13, 172 + GOLDEN * number) : rgb(0.6 + shift, 0.14, 172 + GOLDEN * number);
}

/** The colour of a share of a span, from 0 to 1. */
export function spanColour(share) {
  return isDark() ? rgb(0.45 + 0.45 * share, 0.13, 290 - 190 * share) : rgb(0.82 - 0.46 * share, 0.13, 100 + 190 * share);
}

/** The colour of what has no value. */
export const noColour = () => (isDark() ? [112, 116, 124] : [166, 166, 160]);

export const css = ([red, green, blue]) => `rgb(${red} ${green} ${blue})`;
