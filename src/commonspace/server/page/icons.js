// The icons, drawn as lines in a square of 24.
import { svg } from "./dom.js";

const LINES = {
  search: ["M11 4a7 7 0 1 1 0 14a7 7 0 0 1 0-14z", "M20 20l-4-4"],
  picture: ["M5 5h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z", "M4 16l4.5-4.5 4 4 2.5-2.5 5 4.5", "M15 9.2h.01"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  plus: ["M12 5v14", "M5 12h14"],
  minus: ["M5 12h14"],
  sun: ["M12 8a4 4 0 1 1 0 8a4 4 0 0 1 0-8z", "M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"],
  moon: ["M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"],
  filter: ["M4 7h16", "M7 12h10", "M10 17h4"],
  left: ["M14 6l-6 6 6 6"],
  right: ["M10 6l6 6-6 6"],
  lasso: ["M12 4c5 0 8.5 2.3 8.5 5.5S17 15 12 15s-8.500-2.300-8.500-5.500S7 4 12 4z", "M7 14.200c-1.500 1-1 3.300.8 3.300 1.700 0 2-2.300.4-2.900", "M7.500 17.500c.4 1.500-.3 2.600-1.500 3.200"],
  shuffle: ["M4 7h3.500l9 10H20", "M4 17h3.500l2.800-3.100M13.700 10.100L16.500 7H20", "M18 5l2 2-2 2M18 15l2 2-2 2"],
  place: ["M12 21c-4-4.500-6.500-7.800-6.500-11a6.500 6.500 0 0 1 13 0c0 3.200-2.500 6.500-6.500 11z", "M12 8.500a1.800 1.800 0 1 1 0 3.600a1.800 1.800 0 0 1 0-3.600z"],
  ask: ["M5 5h14a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1h-7l-4.500 4v-4H5a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1z"],
  whole: ["M4 9V5a1 1 0 0 1 1-1h4M15 4h4a1 1 0 0 1 1 1v4M20 15v4a1 1 0 0 1-1 1h-4M9 20H5a1 1 0 0 1-1-1v-4"],
  clock: ["M12 4a8 8 0 1 1 0 16a8 8 0 0 1 0-16z", "M12 8v4.500l3 2"],
  again: ["M19 12a7 7 0 1 1-2.200-5.100", "M19.500 4v4h-4"],
};

/** An icon that says nothing to screen readers: its button has a name. */
export function icon(name) {
  const lines = LINES[name].map((line) => svg("path", { d: line }));
  return svg("svg", { class: "icon", viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false" }, lines);
}
