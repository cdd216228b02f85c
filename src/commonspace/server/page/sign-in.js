// The form for the token of a server that has one.
import { signIn } from "./api.js";
import { find, h, put } from "./dom.js";

/** Asks for the token until it is the right one. */
export function askForToken() {
  const dialog = find("sign-in");
  return new Promise((done) => {
    const input = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true, "aria-describedby": "sign-in-wrong" });
    const wrong = h("p", { id: "sign-in-wrong", class: "wrong", role: "alert" });
    const button = h("button", { class: "button main" }, "Sign in");
    const submit = async (event) => {
      event.preventDefault();
      if (!input.value) return;
      button.disabled = true;
      try {
        await signIn(input.value);
        dialog.close();
        done(true);
      } catch (error) {
        wrong.textContent = error.message;
        input.select();
      }
      button.disabled = false;
    };
    const words = "This collection asks for the token that its server was started with.";
    put(dialog, h("form", { onsubmit: submit }, h("h2", { id: "sign-in-title" }, "Sign in"), h("p", {}, words), h("label", { for: "token" }, "Token"), input, wrong, button));
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    dialog.showModal();
    input.focus();
  });
}
