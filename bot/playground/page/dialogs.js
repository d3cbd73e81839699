// Confirm dialogs, and the forms that the bot opens.

import { blocks } from "./blocks.js";
import { h, fill, fresh } from "./dom.js";
import { isTyped, valueOf } from "./elements.js";
import { plainText, textOf } from "./mrkdwn.js";

/** Ask before something happens; resolves to whether it should. */
export function confirmed(given, who) {
  if (!given) return Promise.resolve(true);
  return new Promise((resolve) => {
    const title = fresh("confirm");
    const answer = (yes) => () => {
      dialog.returnValue = yes;
      dialog.close(yes);
    };
    const look = given.style === "danger" ? "button danger" : "button primary";
    const dialog = h(
      "dialog",
      { class: "confirm", "aria-labelledby": title, onclose: () => done() },
      h("h2", { id: title }, ...plainText(given.title)),
      h("div", { class: "words" }, ...textOf(given.text, who)),
      h(
        "div",
        { class: "foot" },
        h("button", { type: "button", class: "button", onclick: answer("") }, ...plainText(given.deny)),
        h("button", { type: "button", class: look, onclick: answer("yes") }, ...plainText(given.confirm)),
      ),
    );
    const done = () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    };
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** The typed values of one view, by block id and action id. */
export function entered(view, typed) {
  const values = {};
  for (const block of view.blocks) {
    for (const element of [block.element, block.accessory, ...(block.elements || [])]) {
      const mine = element && typed.get(`${block.block_id} ${element.action_id}`);
      if (mine && mine.type === element.type) (values[block.block_id] ||= {})[element.action_id] = mine.value;
    }
  }
  return values;
}

/** What a form or a Home tab does with its elements: remembers what is typed, tells the bot what it wants to hear. */
export function viewSurface(view, typed, { who, act }) {
  const key = (block, element) => `${block.block_id} ${element.action_id}`;
  const keep = (block, element, value) => typed.set(key(block, element), { type: element.type, value });
  const tell = async (block, element, value, node) => {
    if (!(await confirmed(element.confirm, who))) return;
    node.setAttribute("aria-busy", "true");
    const sent = { view_id: view.id, action_id: element.action_id, block_id: block.block_id, value };
    await act("click_view", { ...sent, values: entered(view, typed) }, node);
    node.removeAttribute("aria-busy");
  };
  const dispatches = (block) => block.type !== "input" || block.dispatch_action;
  let waiting = 0;
  return {
    who,
    level: view.type === "home" ? 2 : 3,
    value: (block, element) => {
      const mine = typed.get(key(block, element));
      return mine && mine.type === element.type ? mine.value : valueOf(view.state.values[block.block_id]?.[element.action_id]);
    },
    press: (block, element, value, node) => tell(block, element, value, node),
    typed: (block, element, value, node) => {
      keep(block, element, value);
      clearTimeout(waiting);
      const when = element.dispatch_action_config?.trigger_actions_on || [];
      if (block.dispatch_action && when.includes("on_character_entered")) {
        waiting = setTimeout(() => tell(block, element, value, node), 300);
      }
    },
    entered: (block, element, value, node, event) => {
      const when = element.dispatch_action_config?.trigger_actions_on || ["on_enter_pressed"];
      if (!block.dispatch_action || !when.includes("on_enter_pressed")) return;
      event.preventDefault();
      tell(block, element, value, node);
    },
    changed: (block, element, value, node) => {
      keep(block, element, value);
      if (dispatches(block) && !isTyped(node)) tell(block, element, value, node);
    },
    suggest: (element, text) => act("suggest", { view_id: view.id, action_id: element.action_id, text }).then((answer) => answer.options || []),
  };
}

/** Shows the top form of a person's stack, and keeps what is typed while it is redrawn. */
export class Forms {
  constructor(act) {
    this.act = act;
    this.typed = new Map(); // view id -> what is typed
    this.dialog = null;
    this.shown = "";
  }

  /** Draw the top of *stack*, or nothing. */
  show(stack, who) {
    const view = stack.at(-1);
    for (const id of [...this.typed.keys()]) if (!stack.some((open) => open.id === id)) this.typed.delete(id);
    if (!view) return this.hide();
    if (this.shown !== view.id) this.hide();
    const again = Boolean(this.dialog);
    const focused = again && this.dialog.contains(document.activeElement) ? place(document.activeElement) : null;
    const scrolled = this.dialog?.querySelector(".modal-body")?.scrollTop ?? 0;
    if (!again) this.open(view);
    this.draw(view, stack, who);
    this.dialog.querySelector(".modal-body").scrollTop = scrolled;
    if (!again) this.dialog.showModal();
    if (focused) refocus(this.dialog, focused);
    else if (!again) (this.dialog.querySelector(".modal-body .field, .modal-body input") || this.dialog.querySelector("button"))?.focus();
  }

  hide() {
    this.dialog?.close(); // gives the focus back to where it was
    this.dialog?.remove();
    this.dialog = null;
    this.shown = "";
  }

  open(view) {
    this.shown = view.id;
    this.dialog = h("dialog", { class: "modal", oncancel: (event) => (event.preventDefault(), this.close(view)) });
    document.body.append(this.dialog);
  }

  draw(view, stack, who) {
    const typed = this.typed.get(view.id) || this.typed.set(view.id, new Map()).get(view.id);
    const title = fresh("modal");
    this.dialog.setAttribute("aria-labelledby", title);
    const act = (what, given, node) => this.act(what, given, node).then((answer) => (this.trouble(answer.problem), answer));
    const surface = viewSurface(view, typed, { who, act });
    const submit = view.submit && h("button", { type: "submit", class: "button primary" }, ...plainText(view.submit));
    const form = h(
      "form",
      { novalidate: true, onsubmit: (event) => (event.preventDefault(), this.submit(view, typed, submit)) },
      h(
        "div",
        { class: "modal-head" },
        stack.length > 1 ? h("button", { type: "button", class: "plain", "aria-label": "Back", onclick: () => this.close(view) }, "‹") : null,
        h("h2", { id: title }, ...plainText(view.title)),
        h("button", { type: "button", class: "plain", "aria-label": "Close", onclick: () => this.close(view, true) }, "×"),
      ),
      h("div", { class: "modal-body" }, ...blocks(view.blocks, surface)),
      h("p", { class: "modal-trouble", role: "alert" }),
      h(
        "div",
        { class: "foot" },
        h("button", { type: "button", class: "button", onclick: () => this.close(view) }, ...(view.close ? plainText(view.close) : ["Close"])),
        submit || null,
      ),
    );
    fill(this.dialog, form);
  }

  trouble(problem) {
    const place = this.dialog?.querySelector(".modal-trouble");
    if (place) place.textContent = problem ? `We had some trouble connecting (${problem}). Try again?` : "";
  }

  async submit(view, typed, button) {
    const { dialog } = this;
    if (!button || button.getAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    this.complain(dialog, {});
    const answer = await this.act("submit", { view_id: view.id, values: entered(view, typed) });
    button.removeAttribute("aria-busy");
    if (this.dialog !== dialog) return;
    this.trouble(answer.problem || answer.error);
    this.complain(dialog, answer.errors || {});
  }

  /** Put each error beside its field, and go to the first. */
  complain(dialog, errors) {
    for (const note of dialog.querySelectorAll("[data-problem]")) {
      note.textContent = errors[note.dataset.problem] || "";
      const fields = note.parentElement.querySelectorAll(".field, .choices");
      for (const field of fields) field[note.textContent ? "setAttribute" : "removeAttribute"]("aria-invalid", "true");
    }
    const first = [...dialog.querySelectorAll("[data-problem]")].find((note) => note.textContent);
    first?.parentElement.querySelector(".field, input")?.focus();
  }

  close(view, clear = false) {
    return this.act("close", { view_id: view.id, clear });
  }
}

/** Where the focus stands, so that it can be found again once all is redrawn. */
export function place(node) {
  const action = node.closest("[data-action]")?.dataset.action;
  const block = node.closest("[data-block]")?.dataset.block;
  return action ? { action, block, from: node.selectionStart, to: node.selectionEnd } : null;
}

/** Put the focus back. */
export function refocus(root, { action, block, from, to }) {
  const scope = (block && root.querySelector(`[data-block="${CSS.escape(block)}"]`)) || root;
  const node = scope.querySelector(`[data-action="${CSS.escape(action)}"]`);
  node?.focus();
  if (node && from !== null && from !== undefined && ["text", "textarea"].includes(node.type)) node.setSelectionRange(from, to);
}
