// Small menus that open from a button and close by themselves.

import { h } from "./dom.js";

/** Close *panel* when a person presses Escape in it or goes elsewhere. */
export function popover(opener, panel) {
  const close = () => {
    panel.hidden = true;
    opener.setAttribute("aria-expanded", "false");
  };
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault();
    close();
    opener.focus();
  });
  for (const node of [opener, panel]) {
    node.addEventListener("focusout", (event) => {
      if (event.relatedTarget !== opener && !panel.contains(event.relatedTarget)) close();
    });
  }
  return close;
}

/** A button that opens a list of things to do: {words, note, act}. */
export function menu(label, face, items, attributes = {}) {
  const panel = h("div", { class: "menu", role: "menu", "aria-label": label, hidden: true });
  const opener = h(
    "button",
    { type: "button", "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, ...attributes },
    h("span", { "aria-hidden": "true" }, face),
  );
  const close = popover(opener, panel);
  const buttons = items.map((item) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        class: "menu-item",
        onclick: () => {
          close();
          opener.focus();
          item.act(opener);
        },
      },
      ...item.words,
      item.note ? h("span", { class: "choice-note" }, item.note) : null,
    ),
  );
  panel.append(...buttons);
  panel.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    buttons[(buttons.indexOf(document.activeElement) + step + buttons.length) % buttons.length].focus();
  });
  opener.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    opener.setAttribute("aria-expanded", String(!panel.hidden));
    if (!panel.hidden) buttons[0]?.focus();
  });
  return h("span", { class: "menu-place" }, opener, panel);
}
