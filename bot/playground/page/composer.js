// The message box: Enter sends, a slash offers the bot's commands.

import { h, fill, fresh } from "./dom.js";

/** A message box; *send* gets the text and resolves to whether it was taken. */
export class Composer {
  constructor(form, { label, commands, send, id = fresh("composer") }) {
    this.commands = commands;
    this.send = send;
    this.past = [];
    this.at = 0;
    this.chosen = -1;
    this.list = h("div", { class: "suggestions", role: "listbox", id: fresh("commands"), "aria-label": "Commands", hidden: true });
    this.hint = h("p", { class: "usage", id: fresh("usage"), hidden: true });
    this.box = h("textarea", {
      id,
      class: "composer-text",
      rows: 1,
      "aria-autocomplete": "list",
      "aria-controls": this.list.id,
      "aria-describedby": this.hint.id,
      "aria-label": label,
      placeholder: label,
      oninput: () => this.changed(),
      onkeydown: (event) => this.key(event),
      onblur: () => setTimeout(() => this.offer([]), 150),
    });
    this.button = h("button", { type: "submit", class: "button primary send", "aria-label": "Send" }, h("span", { "aria-hidden": "true" }, "➤"));
    fill(form, this.list, this.hint, h("div", { class: "composer-line" }, this.box, this.button));
    form.onsubmit = (event) => (event.preventDefault(), this.submit());
    this.changed();
  }

  relabel(label) {
    this.box.setAttribute("aria-label", label);
    this.box.placeholder = label;
  }

  get text() {
    return this.box.value;
  }

  set text(text) {
    this.box.value = text;
    this.changed();
  }

  focus() {
    this.box.focus();
  }

  changed() {
    this.box.rows = Math.min(8, this.text.split("\n").length);
    this.button.disabled = !this.text.trim();
    const [first] = this.text.split(" ");
    const typing = this.text.startsWith("/") && !this.text.includes(" ") && !this.text.includes("\n");
    this.offer(typing ? this.commands().filter((known) => known.command.startsWith(first)) : []);
    const exact = this.commands().find((known) => known.command === first);
    this.hint.hidden = !(exact && this.text.includes(" "));
    fill(this.hint, exact ? [h("strong", {}, exact.command), ` ${exact.usage_hint || ""}`, exact.description ? ` - ${exact.description}` : ""] : []);
  }

  offer(found) {
    this.found = found;
    this.chosen = found.length ? 0 : -1;
    this.list.hidden = !found.length;
    fill(
      this.list,
      ...found.map((known, index) =>
        h(
          "div",
          { class: "suggestion", role: "option", id: `${this.list.id}-${index}`, onmousedown: (event) => (event.preventDefault(), this.take(index)) },
          h("span", { class: "suggestion-name" }, known.command, " ", h("span", { class: "suggestion-usage" }, known.usage_hint || "")),
          h("span", { class: "suggestion-note" }, known.description || ""),
        ),
      ),
    );
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((node, index) => node.setAttribute("aria-selected", String(index === this.chosen)));
    if (this.chosen >= 0) this.box.setAttribute("aria-activedescendant", `${this.list.id}-${this.chosen}`);
    else this.box.removeAttribute("aria-activedescendant");
    this.list.children[this.chosen]?.scrollIntoView?.({ block: "nearest" });
  }

  take(index) {
    this.text = this.found[index].command + " ";
    this.focus();
  }

  key(event) {
    const open = !this.list.hidden;
    if (open && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      this.chosen = (this.chosen + (event.key === "ArrowDown" ? 1 : -1) + this.found.length) % this.found.length;
      return this.mark();
    }
    if (open && event.key === "Escape") return this.offer([]);
    if (open && event.key === "Tab" && !event.shiftKey) {
      event.preventDefault();
      return this.take(this.chosen);
    }
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      const half = open && this.found[this.chosen].command !== this.text;
      return half ? this.take(this.chosen) : this.submit();
    }
    if (event.key === "ArrowUp" && !this.text && this.past.length) return this.recall(event, 1);
    if (["ArrowUp", "ArrowDown"].includes(event.key) && this.at && this.text === this.past.at(-this.at)) {
      return this.recall(event, event.key === "ArrowUp" ? 1 : -1);
    }
    return undefined;
  }

  recall(event, step) {
    event.preventDefault();
    this.at = Math.max(0, Math.min(this.past.length, this.at + step));
    this.text = this.at ? this.past.at(-this.at) : "";
    this.offer([]);
  }

  async submit() {
    const text = this.text.trim();
    if (!text) return;
    this.past.push(text);
    this.at = 0;
    this.text = "";
    if (!(await this.send(text)) && !this.text) this.text = text;
  }
}
