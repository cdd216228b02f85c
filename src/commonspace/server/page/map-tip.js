// What a point of the map is, beside the pointer.
import { h, put, settled, svg } from "./dom.js";
import { picture } from "./grid.js";
import { nameOf } from "./names.js";
import { rowDetails } from "./rows.js";
import { now } from "./state.js";

const REACH = 9;

/** Shows the point under the pointer, or that in the middle. */
export function tip(stage, places, camera) {
  const box = h("div", { class: "tip", role: "status", hidden: true });
  const ring = svg("circle", { class: "ring", r: 8, visibility: "hidden" });
  stage.append(box);
  stage.querySelector("svg").append(ring);
  let shown;

  const at = ([left, top], reach = REACH) => places.near(...camera.toMap(left, top), reach / camera.unit, 1)[0];

  const atMiddle = () => at([camera.width / 2, camera.height / 2], Math.min(camera.width, camera.height) / 2.5);

  const fill = settled(70, async (i) => {
    const row = places.row(i);
    const details = await rowDetails(now.store, row).catch(() => null);
    if (shown !== i || !details) return;
    put(box, details.picture ? h("span", { class: "tip-picture" }, picture(now.store, row, 96)) : null, h("span", {}, h("span", { class: "tip-name" }, nameOf(details)), h("span", { class: "faint" }, row.modality)));
    place(i);
  });

  function place(i) {
    const [left, top] = camera.toScreen(places.xy[2 * i], places.xy[2 * i + 1]);
    ring.setAttribute("cx", left);
    ring.setAttribute("cy", top);
    ring.setAttribute("visibility", "visible");
    if (!box.hasChildNodes()) return;
    box.hidden = false;
    box.style.left = `${Math.max(8, Math.min(left + 14, camera.width - box.offsetWidth - 8))}px`;
    box.style.top = `${Math.max(8, top + 14 + box.offsetHeight > camera.height ? top - box.offsetHeight - 14 : top + 14)}px`;
  }

  function show(i) {
    if (i === shown) return;
    shown = i;
    put(box);
    box.hidden = true;
    stage.classList.toggle("over", i !== undefined);
    if (i === undefined) return ring.setAttribute("visibility", "hidden");
    place(i);
    fill(i);
  }

  return {
    at,
    atMiddle,
    over: (where) => show(where ? at(where) : undefined),
    hide: () => show(undefined),
    middle: settled(120, () => show(atMiddle())),
  };
}
