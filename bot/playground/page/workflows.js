// The steps that the app offers to Workflow Builder: each can be run alone, with inputs as a workflow would give them.

import { h, fill, fresh } from "./dom.js";

/** One line of the side for each step. */
export function stepNodes(steps, open) {
  return steps.map((step) =>
    h(
      "li",
      {},
      h(
        "button",
        { type: "button", class: "place", id: `step-${step.callback_id}`, "aria-haspopup": "dialog", onclick: () => open(step) },
        h("span", { class: "sign", "aria-hidden": "true" }, "▸"),
        h("span", { class: "place-name" }, step.title),
      ),
    ),
  );
}

/** Ask for the inputs of *step*, then *run* it with them; *run* resolves to whether it was taken. */
export function openStep(step, { people, user, run }) {
  const title = fresh("step");
  const fields = Object.entries(step.inputs).map(([name, input]) => fieldOf(name, input, { people, user }));
  const dialog = h("dialog", { class: "modal", "aria-labelledby": title, onclose: () => dialog.remove() });
  const submit = async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(fields.map(({ name, value }) => [name, value()]));
    if (await run(given)) dialog.close();
  };
  fill(
    dialog,
    h(
      "form",
      { onsubmit: submit },
      h("div", { class: "modal-head" }, h("h2", { id: title }, step.title)),
      h("div", { class: "modal-body" }, h("p", {}, step.description), ...fields.map((field) => field.node)),
      h(
        "div",
        { class: "foot" },
        h("button", { type: "button", class: "button", onclick: () => dialog.close() }, "Cancel"),
        h("button", { type: "submit", class: "button primary" }, "Run the step"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  dialog.querySelector(".field")?.focus();
}

function fieldOf(name, input, { people, user }) {
  const id = fresh("input");
  const field = input.type.endsWith("user_id") ? peopleField(id, people, user) : wordsField(id, input);
  const node = h(
    "div",
    { class: "input" },
    h("label", { class: "label", for: id }, input.title),
    field,
    h("p", { class: "hint" }, input.description || ""),
  );
  const value = () => (input.type === "number" ? Number(field.value) : field.value);
  return { name, node, value };
}

function wordsField(id, input) {
  const type = input.type === "number" ? "number" : "text";
  return h("input", { id, class: "field", type, step: "any", required: Boolean(input.is_required) });
}

function peopleField(id, people, user) {
  const choices = people.map((person) => h("option", { value: person.id, selected: person.id === user }, person.real_name));
  return h("select", { id, class: "field" }, ...choices);
}
