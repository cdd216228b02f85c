// A line drawn around points of the map, and the filter that it becomes.
import { counted, svg } from "./dom.js";
import { keep } from "./memory.js";
import { tell } from "./notices.js";
import { FIRST, go } from "./state.js";

const MOST = 10_000;
const IN_ADDRESS = 50;

/** Draws on an SVG over the map; `done` is given the line, in pixels. */
export function lasso(overlay, done) {
  const path = svg("path", { class: "lasso" });
  overlay.append(path);
  let line = null;
  return {
    get drawing() {
      return line !== null;
    },
    start(at) {
      line = [at];
    },
    move(at) {
      const [left, top] = line.at(-1);
      if (Math.hypot(at[0] - left, at[1] - top) < 3) return;
      line.push(at);
      path.setAttribute("d", `M${line.map((point) => point.map(Math.round).join(" ")).join("L")}Z`);
    },
    end() {
      const drawn = line;
      line = null;
      path.removeAttribute("d");
      if (drawn && drawn.length > 2) done(drawn);
    },
  };
}

/** Makes items the filter of the search. */
export function enclose(ids) {
  if (!ids.length) return tell("No item is inside that line.");
  if (ids.length > MOST) return tell(`${counted(ids.length, "item")} are inside; at most ${counted(MOST, "item")} can be searched among. Draw a smaller line.`);
  const short = ids.length <= IN_ADDRESS;
  go({ ids: short ? ids : [], lasso: short ? "" : keep({ ids }), k: FIRST });
  tell(`${counted(ids.length, "item")} enclosed.${short ? "" : " A list this long stays in this tab: the address does not hold it."}`, { text: "Search among them", act: () => go({ view: "search" }) });
}
