// What the visitor is told: short notices, and errors in place of what was asked for.
import { counted, find, h, put } from "./dom.js";
import { icon } from "./icons.js";

/** Tells something for some seconds, with something that can be done about it. */
export function tell(text, action = null) {
  const notice = h("div", { class: "notice" }, h("span", {}, text));
  if (action) {
    const act = () => {
      notice.remove();
      action.act();
    };
    notice.append(h("button", { type: "button", class: "plain", onclick: act }, action.text));
  }
  notice.append(h("button", { type: "button", class: "quiet small", "aria-label": "Dismiss", onclick: () => notice.remove() }, icon("close")));
  put(find("notices"), notice);
  setTimeout(() => notice.remove(), 9000);
}

/** An error in place of what was asked for; a server that is busy is asked again when it said so. */
export function problem(error, retry) {
  const busy = error.status === 429 || error.status === 503;
  const title = busy ? "The server is busy" : error.status === 0 ? "No connection" : error.status === 422 ? "That cannot be asked" : error.status === 404 ? "Not found" : "That did not work";
  const button = h("button", { type: "button", class: "button", onclick: () => retry() }, icon("again"), "Try again");
  const wait = busy && error.wait ? h("p", {}, `It asks to wait ${counted(error.wait, "second")}.`) : null;
  return h("div", { class: "problem", role: "alert" }, h("h2", {}, title), h("p", {}, error.message), wait, error.status === 422 || error.status === 404 ? null : button);
}

/** A calm sentence where there is nothing. */
export function nothing(title, text, ...actions) {
  return h("div", { class: "nothing" }, h("h2", {}, title), h("p", {}, text), actions.length ? h("p", { class: "row" }, actions) : null);
}
