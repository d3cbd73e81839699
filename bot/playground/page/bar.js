// The playground's own buttons, above the chat.

import { h, fill } from "./dom.js";

let latest = [];

/** Draw *controls* into *place*; while one is at work they stay as they are. */
export function drawControls(place, controls, press) {
  latest = controls;
  if ([...place.children].some((node) => node.getAttribute("aria-busy"))) return;
  const focused = [...place.children].indexOf(document.activeElement);
  fill(place, ...controls.map((control) => controlNode(control, press, () => drawControls(place, latest, press))));
  place.children[focused]?.focus();
}

function controlNode(control, press, done) {
  const node = h(
    "button",
    {
      type: "button",
      class: "control",
      title: control.hint || null,
      "aria-pressed": control.pressed === null ? null : String(control.pressed),
      onclick: async () => {
        if (node.getAttribute("aria-busy")) return;
        node.setAttribute("aria-busy", "true");
        await press(control.id);
        node.removeAttribute("aria-busy");
        done();
      },
    },
    control.label,
  );
  return node;
}
